package ec2

import (
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/pattern"
	"bluegreen/internal/sandbox/ec2/launch"
	"bluegreen/internal/sandbox/wire"
)

// template is a launch template. Its tags live in Service.tags.
type template struct {
	types.LaunchTemplate
	versions map[int64]*types.LaunchTemplateVersion // never changed once made, but for DefaultVersion
	last     int64                                  // the number of the version made last, deleted or not
}

// The words for a version that moves.
const (
	latestVersion  = "$Latest"
	defaultVersion = "$Default"
)

var templateName = pattern.Lazy(`^[a-zA-Z0-9().\-/_]{3,128}$`)

// findTemplate looks a launch template up by id or name, whichever is given.
func (s *Service) findTemplate(id, name string) (*template, error) {
	switch {
	case id == "" && name == "":
		return nil, wire.Errorf("MissingParameter", "Either a launch template ID or a launch template name must be specified.")
	case id != "" && name != "":
		return nil, wire.Errorf("InvalidParameterCombination", "The parameters launchTemplateId and launchTemplateName cannot be used together")
	case id != "":
		if err := checkID("InvalidLaunchTemplateId.Malformed", "lt-", id); err != nil {
			return nil, err
		}
		t, ok := s.templates.get(id)
		if !ok {
			return nil, wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
		}
		return t, nil
	}
	for _, t := range s.templates.all() {
		if *t.LaunchTemplateName == name {
			return t, nil
		}
	}
	return nil, wire.Errorf("InvalidLaunchTemplateName.NotFoundException",
		"The specified launch template, with template name %s, does not exist.", name)
}

// find looks a version up: a number, $Latest, or $Default, which is also what "" means.
func (t *template) find(version string) (*types.LaunchTemplateVersion, error) {
	number := *t.DefaultVersionNumber
	switch version {
	case "", defaultVersion:
	case latestVersion:
		number = *t.LatestVersionNumber
	default:
		var err error
		if number, err = strconv.ParseInt(version, 10, 64); err != nil {
			return nil, wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Invalid launch template version: %s", version)
		}
	}
	if found, ok := t.versions[number]; ok {
		return found, nil
	}
	return nil, versionNotFound(t)
}

func versionNotFound(t *template) error {
	return wire.Errorf("InvalidLaunchTemplateId.VersionNotFound",
		"Could not find the specified version for the launch template with ID %s.", *t.LaunchTemplateId)
}

// numbers are the versions, oldest first.
func (t *template) numbers() []int64 { return slices.Sorted(maps.Keys(t.versions)) }

func (t *template) resolved(number int64) launch.Template {
	data := t.versions[number].LaunchTemplateData
	return launch.Template{
		ID: *t.LaunchTemplateId, Name: *t.LaunchTemplateName, Version: number,
		ImageID: aws.ToString(data.ImageId), InstanceType: string(data.InstanceType),
	}
}

func (s *Service) resolve(id, name, version string) (*template, *types.LaunchTemplateVersion, error) {
	t, err := s.findTemplate(id, name)
	if err != nil {
		return nil, nil, err
	}
	found, err := t.find(version)
	return t, found, err
}

// ResolveTemplate finds a launch template by id or name, and the number behind a version ("3", "$Latest", "$Default"; ""
// is the default).
func (s *Service) ResolveTemplate(id, name, version string) (launch.Template, error) {
	t, found, err := s.resolve(id, name, version)
	if err != nil {
		return launch.Template{}, err
	}
	return t.resolved(*found.VersionNumber), nil
}

// merge lays what is given in over onto base. As on AWS, snapshots of an inherited device mapping are not inherited.
func merge(base, over *types.ResponseLaunchTemplateData) *types.ResponseLaunchTemplateData {
	merged := *base
	merged.BlockDeviceMappings = slices.Clone(base.BlockDeviceMappings)
	for i, m := range merged.BlockDeviceMappings {
		if m.Ebs != nil && m.Ebs.SnapshotId != nil {
			ebs := *m.Ebs
			ebs.SnapshotId = nil
			merged.BlockDeviceMappings[i].Ebs = &ebs
		}
	}
	override(&merged, over)
	return &merged
}

// readData turns what a request gives into what a response shows.
func readData(in *types.RequestLaunchTemplateData) *types.ResponseLaunchTemplateData {
	data := convert[types.ResponseLaunchTemplateData](in)
	if data.MetadataOptions != nil {
		data.MetadataOptions.State = types.LaunchTemplateInstanceMetadataOptionsStateApplied
	}
	return data
}
