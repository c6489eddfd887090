package balancer

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// reserving is an api that tells of a reservation only.
type reserving struct {
	api
	units *int32
	err   error
}

func (r reserving) DescribeCapacityReservation(context.Context, *elbv2.DescribeCapacityReservationInput, ...func(*elbv2.Options)) (*elbv2.DescribeCapacityReservationOutput, error) {
	out := &elbv2.DescribeCapacityReservationOutput{}
	if r.units != nil {
		out.MinimumLoadBalancerCapacity = &types.MinimumLoadBalancerCapacity{CapacityUnits: r.units}
	}
	return out, r.err
}

func TestCapacityReservationIsALoss(t *testing.T) {
	for _, tc := range []struct {
		name string
		api  reserving
		want map[string]string
	}{
		{"none", reserving{}, map[string]string{}},
		{"one", reserving{units: aws.Int32(500)}, map[string]string{"capacity-reservation": "its reservation of 500 capacity units: the copy starts cold"}},
		{"not to be read", reserving{err: &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}}, map[string]string{
			"capacity-reservation": "its capacity reservation, if it has one, which could not be read: read the capacity reservation of arn: no (AccessDenied)",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Blueprint
			var err error
			if b.reserved, err = (&Client{tc.api}).reservation(t.Context(), "arn"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, b.Unsupported()); diff != "" {
				t.Errorf("losses (-want +got):\n%s", diff)
			}
		})
	}
	broken := errors.New("broken")
	if _, err := (&Client{reserving{err: broken}}).reservation(t.Context(), "arn"); !errors.Is(err, broken) {
		t.Errorf("another error is %v", err)
	}
}

// TestOIDCIsImpossible checks that authentication is never lost, not even by consent.
func TestOIDCIsImpossible(t *testing.T) {
	oidc := []types.Action{{Type: types.ActionTypeEnumAuthenticateOidc, AuthenticateOidcConfig: &types.AuthenticateOidcActionConfig{}}, {Type: types.ActionTypeEnumForward}}
	cognito := []types.Action{{Type: types.ActionTypeEnumAuthenticateCognito, AuthenticateCognitoConfig: &types.AuthenticateCognitoActionConfig{}}}
	listener := func(actions []types.Action, rules ...types.Rule) Blueprint {
		return Blueprint{listeners: []listenerPrint{{listener: types.Listener{Port: aws.Int32(443), DefaultActions: actions}, rules: rules}}}
	}
	const why = " authenticates its users by OIDC: AWS does not give the client secret away, and a clone without it would let everybody in"
	for _, tc := range []struct {
		name string
		b    Blueprint
		want string
	}{
		{"a default action", listener(oidc), "listener/443" + why},
		{"a rule", listener(cognito, types.Rule{Priority: aws.String("5"), Actions: oidc}), "listener/443/rule/5" + why},
		{"none", listener(cognito), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			if err := tc.b.Impossible(); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("it says %q, not %q", got, tc.want)
			}
		})
	}
}
