package bake_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws"
	"bluegreen/internal/bake"
	"bluegreen/internal/bake/policy"
	"bluegreen/internal/bake/settings"
)

func TestFacts(t *testing.T) {
	const digest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	s := settings.Default()
	s.App, s.Promote.Parameter, s.Base.Parameter = "shop", "/bluegreen/shop/ami", "/aws/service/x"
	least := policy.Facts{
		Account: "*", Region: "eu-west-1", Copies: []string{}, App: "shop", Base: "/aws/service/x", Parameter: "/bluegreen/shop/ami",
		Prefix: "amibake/shop", Namespace: "Bluegreen", Tagged: true,
	}
	for name, c := range map[string]struct {
		set           func(*settings.Settings)
		account, role string
		want          func(*policy.Facts)
	}{
		"the least": {func(*settings.Settings) {}, "", "", func(*policy.Facts) {}},
		"an account that is said": {func(s *settings.Settings) { s.Build.KMSKey = "arn:aws:kms:eu-west-1:123456789012:key/k" }, "210987654321", "", func(f *policy.Facts) {
			f.Account, f.Keys = "210987654321", []policy.Key{{Region: "eu-west-1", Key: "arn:aws:kms:eu-west-1:123456789012:key/k"}}
		}},
		"a profile's ARN": {func(s *settings.Settings) {
			s.Build.InstanceProfile = "arn:aws:iam::123456789012:instance-profile/builders/shop"
		}, "", "", func(f *policy.Facts) { f.Account, f.Role = "123456789012", "shop" }},
		"a role of another name": {func(s *settings.Settings) { s.Build.InstanceProfile = "shop" }, "", "builder", func(f *policy.Facts) { f.Role = "builder" }},
		"AWS's own key":          {func(s *settings.Settings) { s.Build.KMSKey = "alias/aws/ebs" }, "", "", func(*policy.Facts) {}},
		"copies": {func(s *settings.Settings) {
			s.Promote.Regions, s.Promote.KMSKeys = []string{"us-east-1"}, map[string]string{"us-east-1": "alias/shop"}
			s.Promote.Accounts = []string{"111122223333"}
		}, "", "", func(f *policy.Facts) {
			f.Copies, f.Keys, f.Shared = []string{"us-east-1"}, []policy.Key{{Region: "us-east-1", Key: "alias/shop"}}, true
		}},
		"an image of ECR by its digest": {func(s *settings.Settings) {
			s.Image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/team/shop:v1" + digest
		}, "", "", func(f *policy.Facts) {
			f.Repository, f.Tagged = "arn:aws:ecr:us-east-1:210987654321:repository/team/shop", false
		}},
		"another registry": {func(s *settings.Settings) { s.Image = "registry.example.com:5000/shop" + digest }, "", "", func(f *policy.Facts) { f.Tagged = false }},
		"Run Command":      {func(s *settings.Settings) { s.Build.Channel = settings.RunCommand }, "", "", func(f *policy.Facts) { f.RunCommand = true }},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			cloud, err := aws.ConnectBakery(context.Background(), aws.Options{Region: "eu-west-1"})
			if err != nil {
				t.Fatal(err)
			}
			b := &bake.Bakery{Settings: s, Cloud: cloud}
			c.set(&b.Settings)
			want := least
			c.want(&want)
			if diff := cmp.Diff(want, b.Facts(c.account, c.role)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
