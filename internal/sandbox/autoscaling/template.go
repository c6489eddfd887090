package autoscaling

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// settleSubnets finds the zones of a group's subnets.
func (s *Service) settleSubnets(g *group) error {
	var zones []string
	for _, id := range g.subnets() {
		_, zone, ok := s.Compute.Subnet(id)
		if !ok {
			return invalid("The subnet ID '%s' does not exist", id)
		}
		zones = append(zones, zone)
	}
	if len(zones) == 0 {
		zones = slices.Clone(g.AvailabilityZones)
		for _, zone := range zones {
			if _, ok := s.Compute.DefaultSubnet(zone); !ok {
				return invalid("No default subnet for availability zone: '%s'.", zone)
			}
		}
	}
	if len(zones) == 0 {
		return invalid("At least one Availability Zone or VPC Subnet is required.")
	}
	slices.Sort(zones)
	g.AvailabilityZones = slices.Compact(zones)
	return nil
}

// subnets are those that the settings name.
func (g *group) subnets() []string {
	return strings.FieldsFunc(aws.ToString(g.VPCZoneIdentifier), func(r rune) bool { return r == ',' || r == ' ' })
}

// launchSubnets are the subnets to launch in.
func (s *Service) launchSubnets(g *group) []string {
	if named := g.subnets(); len(named) > 0 {
		return named
	}
	var ids []string
	for _, zone := range g.AvailabilityZones {
		if id, ok := s.Compute.DefaultSubnet(zone); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// settleTemplate checks the group's launch template and fills in what names it.
func (s *Service) settleTemplate(g *group) error {
	given := 0
	for _, is := range []bool{g.LaunchTemplate != nil, g.MixedInstancesPolicy != nil, g.LaunchConfigurationName != nil} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		return invalid("Valid requests must contain either launchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	case given > 1:
		return invalid("Valid requests must contain only one of LaunchTemplate, LaunchConfigurationName and MixedInstancesPolicy.")
	case g.LaunchConfigurationName != nil:
		return s.checkLaunch(g)
	}
	if err := checkMixed(g.MixedInstancesPolicy); err != nil {
		return err
	}
	spec := *g.templateSpec()
	if spec.LaunchTemplateId != nil && spec.LaunchTemplateName != nil {
		return invalid("Valid requests must contain either launchTemplateId or LaunchTemplateName")
	}
	template, err := s.resolve(&spec)
	if err != nil {
		return err
	}
	spec.LaunchTemplateId, spec.LaunchTemplateName = aws.String(template.ID), aws.String(template.Name)
	if spec.Version == nil {
		spec.Version = aws.String("$Default")
	}
	g.setTemplateSpec(&spec)
	return s.checkLaunch(g)
}

func (s *Service) checkLaunch(g *group) error {
	request, _, err := s.launchSpec(g, s.launchSubnets(g)[0])
	if err != nil {
		return err
	}
	return badTemplate(s.Compute.CheckLaunch(request))
}

// checkMixed refuses what of a mixed instances policy would be ignored: instances are launched on demand from the first
// override.
func checkMixed(p *types.MixedInstancesPolicy) error {
	if p == nil {
		return nil
	}
	if p.LaunchTemplate == nil || p.LaunchTemplate.LaunchTemplateSpecification == nil {
		return invalid("A mixed instances policy needs a launch template.")
	}
	for _, o := range p.LaunchTemplate.Overrides {
		if o.WeightedCapacity != nil || o.InstanceRequirements != nil {
			return invalid("A mixed instances policy with WeightedCapacity or InstanceRequirements is not supported here.")
		}
	}
	return nil
}

func (g *group) templateSpec() *types.LaunchTemplateSpecification {
	if g.MixedInstancesPolicy != nil {
		return g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	return g.LaunchTemplate
}

// setTemplateSpec replaces the specification, and copies what points to it: descriptions may share it.
func (g *group) setTemplateSpec(spec *types.LaunchTemplateSpecification) {
	if g.MixedInstancesPolicy == nil {
		g.LaunchTemplate = spec
		return
	}
	policy, template := *g.MixedInstancesPolicy, *g.MixedInstancesPolicy.LaunchTemplate
	template.LaunchTemplateSpecification = spec
	policy.LaunchTemplate = &template
	g.MixedInstancesPolicy = &policy
}

func (s *Service) resolve(spec *types.LaunchTemplateSpecification) (launch.Template, error) {
	id, name := aws.ToString(spec.LaunchTemplateId), aws.ToString(spec.LaunchTemplateName)
	if id != "" {
		name = ""
	}
	template, err := s.Compute.ResolveTemplate(id, name, aws.ToString(spec.Version))
	return template, badTemplate(err)
}

// launchSpec is what the group would ask of EC2 now.
func (s *Service) launchSpec(g *group, subnet string) (launch.Spec, launch.Template, error) {
	if g.LaunchConfigurationName != nil {
		return s.configuredSpec(g, subnet)
	}
	spec, instanceType, imageID := g.templateSpec(), "", ""
	if p := g.MixedInstancesPolicy; p != nil && len(p.LaunchTemplate.Overrides) > 0 {
		first := p.LaunchTemplate.Overrides[0]
		instanceType, imageID = aws.ToString(first.InstanceType), aws.ToString(first.ImageId)
		if first.LaunchTemplateSpecification != nil {
			spec = first.LaunchTemplateSpecification
		}
	}
	template, err := s.resolve(spec)
	if err != nil {
		return launch.Spec{}, launch.Template{}, err
	}
	if instanceType != "" {
		template.InstanceType = instanceType
	}
	if imageID != "" {
		template.ImageID = imageID
	}
	return launch.Spec{
		TemplateID: template.ID, Version: template.Version, SubnetID: subnet,
		InstanceType: instanceType, ImageID: imageID, Tags: g.instanceTags(),
	}, template, nil
}

// instanceTags are those that an instance of the group gets from it.
func (g *group) instanceTags() map[string]string {
	tags := g.propagated()
	tags["aws:autoscaling:groupName"] = g.name()
	return tags
}

// badTemplate says in Auto Scaling's words what EC2 says of a launch template.
func badTemplate(err error) error {
	if err == nil {
		return nil
	}
	message := err.Error()
	var refused *wire.Error
	if errors.As(err, &refused) {
		message = refused.Message
	}
	return invalid("You must use a valid fully-formed launch template. %s", message)
}

// asSpec is a template as an instance shows it.
func asSpec(t launch.Template) *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{
		LaunchTemplateId: aws.String(t.ID), LaunchTemplateName: aws.String(t.Name),
		Version: aws.String(strconv.FormatInt(t.Version, 10)),
	}
}
