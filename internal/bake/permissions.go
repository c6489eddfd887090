package bake

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bluegreen/internal/aws/registry"
	"bluegreen/internal/bake/policy"
	"bluegreen/internal/bake/settings"
)

// Facts are what of the settings counts for policies. Account and role are those that the settings cannot know for sure; where
// they are "" and nothing in the settings has them, the account is "*", and the role is named like its profile.
func (b *Bakery) Facts(account, role string) policy.Facts {
	s := b.Settings
	f := policy.Facts{
		Account: account, Region: b.Cloud.Region, Copies: b.regions()[1:], App: s.App, Base: s.Base.Parameter, Parameter: s.Promote.Parameter, Role: role,
		Bucket: s.Staging.Bucket, Prefix: strings.TrimSuffix(b.staging(), "/"), Namespace: s.Notify.Namespace, Shared: s.Promote.Shared(), Template: s.Promote.LaunchTemplate,
		Tagged: digestOf(s.Image) == "", RunCommand: s.Build.Channel == settings.RunCommand,
	}
	profile := s.Build.InstanceProfile
	if f.Role == "" {
		f.Role = profile[strings.LastIndex(profile, "/")+1:]
	}
	for _, arn := range append([]string{profile, s.Build.KMSKey}, slices.Sorted(maps.Values(s.Promote.KMSKeys))...) {
		if parts := strings.Split(arn, ":"); f.Account == "" && len(parts) > 5 {
			f.Account = parts[4]
		}
	}
	if f.Account == "" {
		f.Account = "*"
	}
	f.Repository = repository(s.Image)
	f.Keys = ownKey(f.Keys, b.Cloud.Region, s.Build.KMSKey)
	for _, region := range slices.Sorted(maps.Keys(s.Promote.KMSKeys)) {
		f.Keys = ownKey(f.Keys, region, s.Promote.KMSKeys[region])
	}
	return f
}

// ownKey adds a key that is not AWS's own, which needs no permission.
func ownKey(keys []policy.Key, region, key string) []policy.Key {
	if key == "" || strings.HasSuffix(key, "alias/aws/ebs") {
		return keys
	}
	return append(keys, policy.Key{Region: region, Key: key})
}

// repository is the ARN of an image's repository in ECR; "" for one elsewhere.
func repository(image string) string {
	host, path, _ := strings.Cut(image, "/")
	ecr, ok := registry.ParseHost(host)
	if !ok {
		return ""
	}
	path, _, _ = strings.Cut(path, "@")
	path, _, _ = strings.Cut(path, ":")
	return fmt.Sprintf("%s:ecr:%s:%s:repository/%s", policy.Partition(ecr.Region), ecr.Region, ecr.Account, path)
}
