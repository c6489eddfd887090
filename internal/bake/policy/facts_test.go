package policy_test

import (
	"testing"

	"bluegreen/internal/bake/policy"
)

func TestPartition(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1": "arn:aws", "us-east-1": "arn:aws", "cn-northwest-1": "arn:aws-cn", "us-gov-west-1": "arn:aws-us-gov",
		"eusc-de-east-1": "arn:aws-eusc", "us-iso-east-1": "arn:aws-iso", "us-isob-east-1": "arn:aws-iso-b",
		"eu-isoe-west-1": "arn:aws-iso-e", "us-isof-south-1": "arn:aws-iso-f",
	} {
		if got := policy.Partition(region); got != want {
			t.Errorf("%s is in %s, want %s", region, got, want)
		}
	}
}
