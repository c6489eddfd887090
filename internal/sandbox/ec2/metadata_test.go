package ec2_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/sandbox/ec2"
)

func (w *world) metadata(id string) ec2.Metadata {
	w.t.Helper()
	w.acct.Lock()
	defer w.acct.Unlock()
	m, ok := w.service.Metadata(id)
	if !ok {
		w.t.Fatalf("there is no metadata of %s", id)
	}
	return m
}

func TestMetadata(t *testing.T) {
	in(t, func(w *world) {
		plain := w.run(nil)
		all := w.run(func(in *sdk.RunInstancesInput) {
			in.UserData, in.SecurityGroupIds = aws.String("dGV4dA=="), []string{groupID}
			in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("app-profile")}
			in.InstanceMarketOptions = &types.InstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot}
			in.MetadataOptions = &types.InstanceMetadataOptionsRequest{
				HttpTokens: "required", HttpPutResponseHopLimit: aws.Int32(2), InstanceMetadataTags: "enabled", HttpEndpoint: "disabled",
			}
			in.TagSpecifications = []types.TagSpecification{{
				ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("shop")}},
			}}
		})
		common := func(i types.Instance) ec2.Metadata {
			return ec2.Metadata{
				ID: *i.InstanceId, ImageID: imageID, Type: "t3.micro", Architecture: "x86_64", Zone: "eu-west-1a", SubnetID: subnetA, VPCID: vpcID,
				Addr: netip.MustParseAddr(*i.PrivateIpAddress), Hostname: *i.PrivateDnsName, Launched: time.Now().UTC(), On: true,
				Lifecycle: "on-demand", Endpoint: true, HopLimit: 1,
			}
		}
		want := []ec2.Metadata{common(plain), common(all)}
		rich := &want[1]
		rich.SecurityGroups, rich.Profile = []string{"app"}, "arn:aws:iam::123456789012:instance-profile/app-profile"
		rich.Lifecycle, rich.Tags, rich.UserData = "spot", map[string]string{"Name": "shop"}, "text"
		rich.Endpoint, rich.TokensRequired, rich.HopLimit, rich.TagsAllowed = false, true, 2, true
		got := []ec2.Metadata{w.metadata(*plain.InstanceId), w.metadata(*all.InstanceId)}
		if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty(),
			cmpopts.IgnoreFields(ec2.Metadata{}, "ReservationID", "ProfileID")); d != "" {
			t.Error(d)
		}
		if !strings.HasPrefix(got[1].ReservationID, "r-") || !strings.HasPrefix(got[1].ProfileID, "AIPA") {
			t.Errorf("reservation %q, profile %q", got[1].ReservationID, got[1].ProfileID)
		}
	})
}

func TestInterrupt(t *testing.T) {
	for action, want := range map[string]string{"terminate": "terminated", "stop": "stopped", "hibernate": "stopped"} {
		t.Run(action, func(t *testing.T) {
			in(t, func(w *world) {
				id := *w.run(nil).InstanceId
				w.wait(6)
				interrupt := func() {
					w.acct.Lock()
					defer w.acct.Unlock()
					w.service.Interrupt(id, action)
				}
				interrupt()
				if !w.metadata(id).On {
					t.Error("it has no power while it shuts down")
				}
				w.wait(11)
				interrupt() // comes too late
				if got := w.state(id); got != want || w.metadata(id).On {
					t.Errorf("it is %s", got)
				}
			})
		})
	}
}
