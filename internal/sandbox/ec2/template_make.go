package ec2

import (
	"context"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/wire"
)

func (s *Service) createLaunchTemplate(_ context.Context, in *sdk.CreateLaunchTemplateInput) (*sdk.CreateLaunchTemplateOutput, error) {
	made, _, err := s.replayed("CreateLaunchTemplate", in.ClientToken, in)
	if err != nil {
		return nil, err
	}
	if t, exists := s.templates.get(made); exists {
		return &sdk.CreateLaunchTemplateOutput{LaunchTemplate: s.describedTemplate(t)}, nil
	}
	tags, err := s.checkTemplate(in)
	if err != nil {
		return nil, err
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	id := s.newID("lt-")
	t := &template{
		LaunchTemplate: types.LaunchTemplate{
			LaunchTemplateId: aws.String(id), LaunchTemplateName: in.LaunchTemplateName,
			CreateTime: s.now(), CreatedBy: aws.String(s.caller()),
			DefaultVersionNumber: aws.Int64(1),
		},
		versions: map[int64]*types.LaunchTemplateVersion{},
	}
	s.addVersion(t, readData(in.LaunchTemplateData), in.VersionDescription)
	s.templates.put(id, t)
	s.setTags(id, tags)
	s.remember("CreateLaunchTemplate", in.ClientToken, in, id)
	return &sdk.CreateLaunchTemplateOutput{LaunchTemplate: s.describedTemplate(t), Warning: s.warning(t.versions[1].LaunchTemplateData)}, nil
}

func (s *Service) checkTemplate(in *sdk.CreateLaunchTemplateInput) (tags map[string]string, err error) {
	if in.LaunchTemplateData == nil {
		return nil, missingParameter("LaunchTemplateData")
	}
	name := aws.ToString(in.LaunchTemplateName)
	if !templateName().MatchString(name) {
		return nil, wire.Errorf("InvalidLaunchTemplateName.MalformedException", "A launch template name must be between 3 and 128 characters, "+
			"and may contain letters, numbers, and the following characters: - ( ) . / _")
	}
	if _, err := s.findTemplate("", name); err == nil {
		return nil, wire.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	}
	if err := checkUserData("InvalidUserData.Malformed", in.LaunchTemplateData.UserData); err != nil {
		return nil, err
	}
	return s.specTags(in.TagSpecifications, types.ResourceTypeLaunchTemplate)
}

func (s *Service) createLaunchTemplateVersion(_ context.Context, in *sdk.CreateLaunchTemplateVersionInput) (*sdk.CreateLaunchTemplateVersionOutput, error) {
	t, err := s.findTemplate(aws.ToString(in.LaunchTemplateId), aws.ToString(in.LaunchTemplateName))
	if err != nil {
		return nil, err
	}
	number, again, err := s.replayed("CreateLaunchTemplateVersion", in.ClientToken, in)
	if err != nil {
		return nil, err
	}
	if again {
		made, err := t.find(number)
		return &sdk.CreateLaunchTemplateVersionOutput{LaunchTemplateVersion: made}, err
	}
	if in.LaunchTemplateData == nil {
		return nil, missingParameter("LaunchTemplateData")
	}
	if err := checkUserData("InvalidUserData.Malformed", in.LaunchTemplateData.UserData); err != nil {
		return nil, err
	}
	data := readData(in.LaunchTemplateData)
	if in.SourceVersion != nil {
		source, err := t.find(*in.SourceVersion)
		if err != nil {
			return nil, err
		}
		data = merge(source.LaunchTemplateData, data)
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	made := s.addVersion(t, data, in.VersionDescription)
	s.remember("CreateLaunchTemplateVersion", in.ClientToken, in, strconv.FormatInt(*made.VersionNumber, 10))
	described := *made
	return &sdk.CreateLaunchTemplateVersionOutput{LaunchTemplateVersion: &described, Warning: s.warning(data)}, nil
}

func (s *Service) addVersion(t *template, data *types.ResponseLaunchTemplateData, description *string) *types.LaunchTemplateVersion {
	t.last++
	number := t.last
	t.LatestVersionNumber = aws.Int64(number)
	v := &types.LaunchTemplateVersion{
		LaunchTemplateId: t.LaunchTemplateId, LaunchTemplateName: t.LaunchTemplateName, VersionNumber: aws.Int64(number),
		VersionDescription: description, CreateTime: s.now(), CreatedBy: aws.String(s.caller()),
		DefaultVersion: aws.Bool(number == *t.DefaultVersionNumber), LaunchTemplateData: data,
	}
	t.versions[number] = v
	return v
}

func (s *Service) caller() string { return "arn:aws:iam::" + s.Account.ID + ":root" }

// warning says what would keep instances from being launched: a template may be made all the same.
func (s *Service) warning(data *types.ResponseLaunchTemplateData) *types.ValidationWarning {
	if data.ImageId == nil {
		return nil
	}
	var refused *wire.Error
	if err := s.drawImage(&blueprint{settings: data}); !errors.As(err, &refused) {
		return nil
	}
	return &types.ValidationWarning{Errors: []types.ValidationError{
		{Code: aws.String(refused.Code), Message: aws.String(refused.Message)},
	}}
}
