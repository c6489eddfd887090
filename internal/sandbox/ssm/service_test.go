package ssm

import (
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// inBubble runs a test on an empty Parameter Store with the clock of a synctest bubble.
func inBubble(t *testing.T, test func(t *testing.T, s *Service)) {
	synctest.Test(t, func(t *testing.T) {
		acct := account.New(account.Options{})
		defer acct.Close()
		test(t, New(acct))
	})
}

// exported lets cmp look into the SDK's types, whose unexported fields are markers.
var exported = cmp.Exporter(func(reflect.Type) bool { return true })

// code is the code of a refusal, "" for none.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%v is not an error that a client understands", err)
	}
	return refusal.Code
}

// input is a request to put a String.
func input(name, value string) *sdk.PutParameterInput {
	return &sdk.PutParameterInput{Name: &name, Value: &value, Type: types.ParameterTypeString}
}

// put writes parameters, over what is there.
func put(t *testing.T, s *Service, ins ...*sdk.PutParameterInput) {
	t.Helper()
	for _, in := range ins {
		in.Overwrite = aws.Bool(len(in.Tags) == 0)
		if _, err := s.putParameter(t.Context(), in); err != nil {
			t.Fatalf("put %s: %v", *in.Name, err)
		}
	}
}

func TestPublicParameters(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Service) {
		const al2023 = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
		const ubuntu = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
		s.AddPublic(al2023, "ami-1")
		s.AddPublic(al2023, "ami-2")
		s.AddPublic(ubuntu, "ami-3")
		put(t, s, input("/mine", "x"))

		got, err := s.getParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String(al2023)})
		if err != nil {
			t.Fatal(err)
		}
		want := &types.Parameter{
			ARN: aws.String("arn:aws:ssm:eu-west-1::parameter" + al2023), Name: aws.String(al2023), Type: "String",
			DataType: aws.String("text"), Value: aws.String("ami-2"), Version: 2, LastModifiedDate: aws.Time(time.Now().UTC()),
		}
		if diff := cmp.Diff(want, got.Parameter, exported); diff != "" {
			t.Error(diff)
		}
		for path, want := range map[string][]string{"/aws/service": {al2023, ubuntu}, "/": {"/mine"}} {
			if diff := cmp.Diff(want, namesBelow(t, s, &sdk.GetParametersByPathInput{Path: &path, Recursive: aws.Bool(true)})); diff != "" {
				t.Errorf("below %s: %s", path, diff)
			}
		}
		described, err := s.describeParameters(t.Context(), &sdk.DescribeParametersInput{})
		if err != nil || len(described.Parameters) != 1 {
			t.Errorf("described %v, %v", described, err)
		}
		_, err = s.deleteParameter(t.Context(), &sdk.DeleteParameterInput{Name: aws.String(ubuntu)})
		if got := code(t, err); got != "ParameterNotFound" {
			t.Errorf("delete: %v", err)
		}
	})
}
