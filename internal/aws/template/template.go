// Package template reads launch templates and derives versions of them.
package template

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/facts"
)

type api interface {
	DescribeLaunchTemplateVersions(context.Context, *ec2.DescribeLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
	CreateLaunchTemplateVersion(context.Context, *ec2.CreateLaunchTemplateVersionInput, ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateVersionOutput, error)
	ModifyLaunchTemplate(context.Context, *ec2.ModifyLaunchTemplateInput, ...func(*ec2.Options)) (*ec2.ModifyLaunchTemplateOutput, error)
	DeleteLaunchTemplateVersions(context.Context, *ec2.DeleteLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DeleteLaunchTemplateVersionsOutput, error)
}

// Client calls EC2.
type Client struct{ api api }

// New makes a client.
func New(cfg aws.Config) *Client { return &Client{ec2.NewFromConfig(cfg)} }

// Version is one numbered version of a launch template.
type Version struct {
	TemplateID   string
	Number       int64
	Image        string
	InstanceType string
	// SecurityGroups are the ids of those that instances are in.
	SecurityGroups []string
	Facts          facts.Facts // all of its data, for a comparison

	userData string // as AWS has it: in base64
}

// UserData is what instances get at their first boot, in plain text. There may be secrets in it: it is for changing, not for
// showing.
func (v Version) UserData() (string, error) {
	text, err := base64.StdEncoding.DecodeString(v.userData)
	if err != nil {
		return "", fmt.Errorf("decode the user data of version %d of launch template %s: %w", v.Number, v.TemplateID, err)
	}
	return string(text), nil
}

// Get reads a version: a number, "$Latest" or "$Default". A missing one is awserr.ErrNotFound.
func (c *Client) Get(ctx context.Context, templateID, version string) (Version, error) {
	out, err := c.api.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: &templateID, Versions: []string{version},
		ResolveAlias: aws.Bool(true), // an image may be named by a parameter: what it stands for counts
	})
	if err != nil {
		return Version{}, awserr.Wrap(err, "describe version %s of launch template %s", version, templateID)
	}
	if len(out.LaunchTemplateVersions) != 1 {
		return Version{}, fmt.Errorf("describe version %s of launch template %s: %w", version, templateID, awserr.ErrNotFound)
	}
	return fromSDK(out.LaunchTemplateVersions[0]), nil
}

func fromSDK(v types.LaunchTemplateVersion) Version {
	found := Version{TemplateID: aws.ToString(v.LaunchTemplateId), Number: aws.ToInt64(v.VersionNumber), Facts: facts.Facts{}}
	if d := v.LaunchTemplateData; d != nil {
		found.Image, found.InstanceType = aws.ToString(d.ImageId), string(d.InstanceType)
		found.SecurityGroups = d.SecurityGroupIds
		for _, n := range d.NetworkInterfaces {
			found.SecurityGroups = append(found.SecurityGroups, n.Groups...)
		}
		found.Facts.Add("template", d, "UserData")
		if d.UserData != nil { // there are secrets in it, and facts are shown
			found.userData = *d.UserData
			found.Facts[PathUserData] = fingerprint(found.userData)
		}
	}
	return found
}

// PathUserData is where the facts of a version have the fingerprint of its user data.
const PathUserData = "template/UserData"

// Fingerprint stands for user data, given in plain text, among the facts of a version.
func Fingerprint(userData string) string { return fingerprint(encode(userData)) }

func fingerprint(encoded string) string {
	sum := sha256.Sum256([]byte(encoded))
	return fmt.Sprintf("sha256:%x…", sum[:6])
}

func encode(userData string) string { return base64.StdEncoding.EncodeToString([]byte(userData)) }

// Inherited are the facts of a version that is derived from v, but for its image: AWS leaves the snapshots of devices out.
func (v Version) Inherited() facts.Facts {
	f := maps.Clone(v.Facts)
	maps.DeleteFunc(f, func(path, _ string) bool { return strings.HasSuffix(path, "/Ebs/SnapshotId") })
	return f
}

// Change is what a derived version has other than its source.
type Change struct {
	Image    string // id of a machine image
	UserData string // in plain text; "" keeps that of the source
}

// Derive makes a new version that is the source version but for a change. AWS copies it, so that nothing gets lost on the
// way. Token makes the call safe to repeat; it also stands in the version's description, where Find looks for it.
func (c *Client) Derive(ctx context.Context, source Version, change Change, token string) (Version, error) {
	data := &types.RequestLaunchTemplateData{ImageId: &change.Image}
	if change.UserData != "" {
		data.UserData = aws.String(encode(change.UserData))
	}
	out, err := c.api.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &source.TemplateID, SourceVersion: aws.String(strconv.FormatInt(source.Number, 10)),
		ClientToken: &token, VersionDescription: &token, LaunchTemplateData: data,
	})
	if err != nil {
		return Version{}, awserr.Wrap(err, "create a version of launch template %s from version %d", source.TemplateID, source.Number)
	}
	return fromSDK(*out.LaunchTemplateVersion), nil
}

// Find looks for the version that Derive made with a token; ok is false when there is none.
func (c *Client) Find(ctx context.Context, templateID, token string) (v Version, ok bool, err error) {
	pages := ec2.NewDescribeLaunchTemplateVersionsPaginator(c.api, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &templateID})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return Version{}, false, awserr.Wrap(err, "list the versions of launch template %s", templateID)
		}
		for _, found := range out.LaunchTemplateVersions {
			if aws.ToString(found.VersionDescription) == token {
				return fromSDK(found), true, nil
			}
		}
	}
	return Version{}, false, nil
}

// MakeDefault makes a version the one that "$Default" stands for.
func (c *Client) MakeDefault(ctx context.Context, v Version) error {
	_, err := c.api.ModifyLaunchTemplate(ctx, &ec2.ModifyLaunchTemplateInput{
		LaunchTemplateId: &v.TemplateID, DefaultVersion: aws.String(strconv.FormatInt(v.Number, 10)),
	})
	return awserr.Wrap(err, "make version %d of launch template %s its default", v.Number, v.TemplateID)
}

// Delete removes a version; one that is gone already is fine.
func (c *Client) Delete(ctx context.Context, v Version) error {
	out, err := c.api.DeleteLaunchTemplateVersions(ctx, &ec2.DeleteLaunchTemplateVersionsInput{
		LaunchTemplateId: &v.TemplateID, Versions: []string{strconv.FormatInt(v.Number, 10)},
	})
	if err != nil {
		return awserr.Wrap(err, "delete version %d of launch template %s", v.Number, v.TemplateID)
	}
	for _, failed := range out.UnsuccessfullyDeletedLaunchTemplateVersions {
		if e := failed.ResponseError; e != nil && e.Code != types.LaunchTemplateErrorCodeLaunchTemplateVersionDoesNotExist {
			return fmt.Errorf("delete version %d of launch template %s: %s (%s)", v.Number, v.TemplateID, aws.ToString(e.Message), e.Code)
		}
	}
	return nil
}

// Pinned says whether a group that refers to this version gets the same one tomorrow.
func Pinned(version string) bool {
	_, err := strconv.ParseInt(version, 10, 64)
	return err == nil
}
