package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Facts are what of a configuration counts for a policy.
type Facts struct {
	Account string   // 12 digits, or "*" where nobody knows
	Region  string   // where AMIs are made
	Copies  []string // regions to which they are copied
	App     string

	Repository string // ARN of that of the app's image; "" if it is not in ECR
	Tagged     bool   // what the image's tag stands for has to be asked
	Base       string // the parameter that names the base AMI; "" for none
	Parameter  string // the pointer
	RunCommand bool   // instances are heard by Run Command
	Role       string // of the builder's instance profile; "" for none
	Bucket     string // for staging; "" for none
	Prefix     string // of the app's keys in it, without a / at the end
	Keys       []Key
	Namespace  string // of metrics; "" for none
	Shared     bool   // with other accounts
	Template   string // id of the launch template of a promotion; "" for none
}

// Key is a key of KMS of one's own.
type Key struct {
	Region string
	Key    string // its id, its ARN, or "alias/NAME"
}

func (f Facts) regions() []string {
	return append([]string{f.Region}, slices.DeleteFunc(slices.Clone(f.Copies), func(r string) bool { return r == f.Region })...)
}

// partitions are those that are not AWS's largest, by how the names of their regions begin.
var partitions = []struct{ region, arn string }{
	{"cn-", "arn:aws-cn"},
	{"us-gov-", "arn:aws-us-gov"},
	{"eusc-", "arn:aws-eusc"},
	{"us-iso-", "arn:aws-iso"},
	{"us-isob-", "arn:aws-iso-b"},
	{"eu-isoe-", "arn:aws-iso-e"},
	{"us-isof-", "arn:aws-iso-f"},
}

// Partition is the first part of the ARNs of a region.
func Partition(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.region) {
			return p.arn
		}
	}
	return "arn:aws"
}

// arn is one of a service that has the account in it.
func (f Facts) arn(service, region, format string, args ...any) string {
	return fmt.Sprintf("%s:%s:%s:%s:%s", Partition(f.Region), service, region, f.Account, fmt.Sprintf(format, args...))
}

// parameter is the ARN of a parameter. Those of AWS belong to no account.
func (f Facts) parameter(region, name string) string {
	if strings.HasPrefix(name, "/aws/") {
		return fmt.Sprintf("%s:ssm:%s::parameter%s", Partition(f.Region), region, name)
	}
	return f.arn("ssm", region, "parameter/%s", strings.TrimPrefix(name, "/"))
}

// everywhere is an ARN for each region.
func (f Facts) everywhere(of func(region string) []string) Strings {
	var all Strings
	for _, r := range f.regions() {
		all = append(all, of(r)...)
	}
	return all
}

// images are all AMIs, and snapshots all of them with their AMIs: EC2 has no account in their ARNs.
func (f Facts) images() Strings {
	return f.everywhere(func(r string) []string { return []string{Partition(r) + ":ec2:" + r + "::image/*"} })
}

func (f Facts) imagesAndSnapshots() Strings {
	return f.everywhere(func(r string) []string {
		return []string{Partition(r) + ":ec2:" + r + "::image/*", Partition(r) + ":ec2:" + r + "::snapshot/*"}
	})
}

// ours is what carries amibake's tags of the app.
func (f Facts) ours() conditions {
	return conditions{"StringEquals": {"aws:ResourceTag/ManagedBy": {"bluegreen"}, "aws:ResourceTag/bluegreen:app": {f.App}}}
}

func created(by ...string) conditions { return equal("ec2:CreateAction", by...) }

// key is the statement of one key. An alias is no name for a key in a policy, but may be asked for.
func (f Facts) key(k Key) Statement {
	when := equal("kms:ViaService", "ec2."+k.Region+"."+dns(k.Region))
	resource := k.Key
	if at := strings.LastIndex(resource, "alias/"); at >= 0 {
		when["ForAnyValue:StringEquals"] = map[string]Strings{"kms:ResourceAliases": {resource[at:]}}
		resource = "*"
	}
	if !strings.HasPrefix(resource, "arn:") {
		resource = f.arn("kms", k.Region, "key/%s", resource)
	}
	return allow([]string{
		"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
	}, Strings{resource}, when)
}

func dns(region string) string {
	switch Partition(region) {
	case "arn:aws-cn":
		return "amazonaws.com.cn"
	case "arn:aws-eusc":
		return "amazonaws.eu"
	}
	return "amazonaws.com"
}
