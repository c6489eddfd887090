package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake/policy"
)

// least is a configuration without all that may be left out.
var least = policy.Facts{Account: "*", Region: "cn-north-1", App: "shop", Parameter: "/images/shop"}

func TestLeast(t *testing.T) {
	want := `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Action":["ec2:DescribeImages","ec2:DescribeInstances","ec2:DescribeSnapshots"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":["ssm:DeleteParameters","ssm:GetParameter","ssm:GetParameterHistory","ssm:GetParametersByPath","ssm:PutParameter"],` +
		`"Resource":["arn:aws-cn:ssm:cn-north-1:*:parameter/bluegreen/shop/bake/*","arn:aws-cn:ssm:cn-north-1:*:parameter/images/shop*"]},` +
		`{"Effect":"Allow","Action":["ec2:CreateImage","ec2:RunInstances"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":["ec2:CreateTags"],"Resource":"*","Condition":{"StringEquals":{"ec2:CreateAction":["CreateImage","RunInstances"]}}},` +
		`{"Effect":"Allow","Action":["ec2:CreateTags","ec2:DeleteSnapshot","ec2:DeregisterImage"],` +
		`"Resource":["arn:aws-cn:ec2:cn-north-1::image/*","arn:aws-cn:ec2:cn-north-1::snapshot/*"],` +
		`"Condition":{"StringEquals":{"aws:ResourceTag/ManagedBy":"bluegreen","aws:ResourceTag/bluegreen:app":"shop"}}},` +
		`{"Effect":"Allow","Action":["ec2:GetConsoleOutput","ec2:StopInstances","ec2:TerminateInstances"],"Resource":"arn:aws-cn:ec2:cn-north-1:*:instance/*",` +
		`"Condition":{"StringEquals":{"amibake:role":0}}}]}`
	want = strings.Replace(want, `{"amibake:role":0}`, `{"aws:ResourceTag/amibake:role":["builder","test"],"aws:ResourceTag/bluegreen:app":"shop"}`, 1)
	got, err := json.Marshal(policy.Bake(least))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, p := range map[string]policy.Policy{"promote": policy.Promote(least), "instance": policy.Instance(least)} {
		if len(p.Statement) > 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// TestActionsAreBound looks at what may be changed in all regions: nothing without a resource, or a condition on what it is.
func TestActionsAreBound(t *testing.T) {
	f := example
	f.Copies = []string{"us-east-1", "ap-south-1"}
	f.Keys = append(f.Keys, policy.Key{Region: "us-east-1", Key: "arn:aws:kms:us-east-1:123456789012:alias/shop"})
	whole := policy.Join(policy.Bake(f), policy.Promote(f), policy.Prune(f))
	free := map[string]bool{ // of which EC2 knows nothing better: what is made has our tags, and goes by them
		"ec2:CreateImage": true, "ec2:RunInstances": true, "ec2:CopyImage": true, "ec2:CreateImageUsageReport": true, "ec2:DeleteImageUsageReport": true,
		"ecr:GetAuthorizationToken": true,
	}
	looks := func(action string) bool {
		_, verb, _ := strings.Cut(action, ":")
		return strings.HasPrefix(verb, "Describe") || strings.HasPrefix(verb, "Get") || strings.HasPrefix(verb, "List")
	}
	for _, s := range whole.Statement {
		for _, action := range s.Action {
			if s.Resource[0] == "*" && s.Condition == nil && !looks(action) && !free[action] {
				t.Errorf("%s is allowed on everything", action)
			}
			if strings.Contains(action, "*") {
				t.Errorf("%s is more than one action", action)
			}
		}
	}
	text, size, err := whole.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"arn:aws:ssm:ap-south-1:123456789012:parameter/bluegreen/shop/ami*"`, `"arn:aws:ec2:us-east-1::image/*"`,
		`"arn:aws:kms:us-east-1:123456789012:key/*"`, `"kms:ResourceAliases": "alias/shop"`, `"kms:ViaService": "ec2.us-east-1.amazonaws.com"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("nothing has %s", want)
		}
	}
	t.Logf("%d characters", size)
}
