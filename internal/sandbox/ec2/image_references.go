package ec2

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

const (
	mostReferenced = 10    // images in one request
	usualDepth     = 10    // versions of a launch template, when a request does not say
	mostDepth      = 10000 // that it may say
)

// search is where references to images are looked for.
type search struct {
	kinds  []types.ImageReferenceResourceType
	states []string // of instances; any when empty
	depth  int      // newest versions of a launch template
}

// describeImageReferences finds what AWS finds: instances, the newest versions of launch templates, and parameters. It finds
// neither launch configurations nor what other accounts have, and knows nothing of what an alias in a template stands for.
func (s *Service) describeImageReferences(_ context.Context, in *sdk.DescribeImageReferencesInput) (*sdk.DescribeImageReferencesOutput, error) {
	if len(in.ImageIds) == 0 || len(in.ImageIds) > mostReferenced {
		return nil, wire.Errorf("InvalidParameterValue", "Between 1 and %d image ids are needed, not %d.", mostReferenced, len(in.ImageIds))
	}
	for _, id := range in.ImageIds {
		if err := checkID("InvalidAMIID.Malformed", "ami-", id); err != nil {
			return nil, err
		}
	}
	where, err := readSearch(in)
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	var found []types.ImageReference
	for _, id := range in.ImageIds {
		found = append(found, s.referencesTo(id, where)...)
	}
	name := func(r types.ImageReference) string { return *r.ImageId + " " + *r.Arn }
	found, next, err := page(found, name, in.MaxResults, in.NextToken, limits{1, 1000})
	return &sdk.DescribeImageReferencesOutput{ImageReferences: found, NextToken: next}, err
}

func readSearch(in *sdk.DescribeImageReferencesInput) (search, error) {
	where := search{depth: usualDepth}
	if aws.ToBool(in.IncludeAllResourceTypes) {
		where.kinds = types.ImageReferenceResourceType("").Values()
	}
	for _, r := range in.ResourceTypes {
		if !slices.Contains(r.ResourceType.Values(), r.ResourceType) {
			return where, wire.Errorf("InvalidParameterValue", "Invalid resource type '%s'.", r.ResourceType)
		}
		where.kinds = append(where.kinds, r.ResourceType)
		for _, o := range r.ResourceTypeOptions {
			if err := where.set(r.ResourceType, o); err != nil {
				return where, err
			}
		}
	}
	if len(where.kinds) == 0 {
		return where, missingParameter("ResourceTypes or IncludeAllResourceTypes")
	}
	return where, nil
}

func (w *search) set(kind types.ImageReferenceResourceType, o types.ResourceTypeOption) error {
	switch {
	case kind == types.ImageReferenceResourceTypeEc2Instance && o.OptionName == types.ImageReferenceOptionNameStateName:
		w.states = o.OptionValues
		return nil
	case kind == types.ImageReferenceResourceTypeEc2LaunchTemplate && o.OptionName == types.ImageReferenceOptionNameVersionDepth &&
		len(o.OptionValues) == 1:
		depth, err := strconv.Atoi(o.OptionValues[0])
		if err == nil && depth >= 1 && depth <= mostDepth {
			w.depth = depth
			return nil
		}
	}
	return wire.Errorf("InvalidParameterValue", "Invalid option '%s' with values %q for the resource type '%s'.", o.OptionName, o.OptionValues, kind)
}

func (s *Service) referencesTo(id string, where search) []types.ImageReference {
	var found []types.ImageReference
	add := func(kind types.ImageReferenceResourceType, arns ...string) {
		for _, arn := range arns {
			if slices.Contains(where.kinds, kind) {
				found = append(found, types.ImageReference{ImageId: aws.String(id), ResourceType: kind, Arn: aws.String(arn)})
			}
		}
	}
	for _, i := range s.instances.all() {
		if *i.ImageId == id && (len(where.states) == 0 || slices.Contains(where.states, i.state())) {
			add(types.ImageReferenceResourceTypeEc2Instance, s.arn("instance/"+*i.InstanceId))
		}
	}
	for _, t := range s.templates.all() {
		numbers := t.numbers()
		newest := numbers[max(0, len(numbers)-where.depth):]
		if slices.ContainsFunc(newest, func(n int64) bool { return aws.ToString(t.versions[n].LaunchTemplateData.ImageId) == id }) {
			add(types.ImageReferenceResourceTypeEc2LaunchTemplate, s.arn("launch-template/"+*t.LaunchTemplateId))
		}
	}
	if s.Parameters != nil {
		add(types.ImageReferenceResourceTypeSsmParameter, s.Parameters(id)...)
	}
	return found
}
