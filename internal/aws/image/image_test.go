package image

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
)

func TestGet(t *testing.T) {
	whole := types.Image{
		ImageId: aws.String("ami-1"), Name: aws.String("shop-1"), Description: aws.String("d"), Architecture: "arm64", State: "disabled",
		StateReason: &types.StateReason{Message: aws.String("why")}, OwnerId: aws.String("123456789012"), RootDeviceName: aws.String("/dev/sda1"),
		SourceImageId: aws.String("ami-0"), SourceImageRegion: aws.String("eu-west-1"), Public: aws.Bool(true),
		CreationDate: aws.String("2026-01-02T03:04:05.000Z"), DeprecationTime: aws.String("2027-01-02T03:04:00.000Z"), LastLaunchedTime: aws.String("2026-02-03T04:05:06Z"),
		DeregistrationProtection: aws.String("enabled-with-cooldown"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
		BlockDeviceMappings: devices("snap-1 encrypted", "snap-2 encrypted"),
	}
	want := Image{
		ID: "ami-1", Name: "shop-1", Description: "d", Architecture: "arm64", State: Disabled, Reason: "why", Owner: "123456789012", RootDevice: "/dev/sda1",
		Source: "ami-0", SourceRegion: "eu-west-1", Public: true, Protected: true, Encrypted: true, Tags: map[string]string{"k": "v"},
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Deprecated: time.Date(2027, 1, 2, 3, 4, 0, 0, time.UTC),
		LastLaunched: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Snapshots: []string{"snap-1", "snap-2"},
	}
	r := &recorder{images: [][]types.Image{{whole}}}
	got, err := (&Client{api: r}).Get(t.Context(), "ami-1")
	check(t, "the image", want, got)
	check(t, "the request", []any{&ec2.DescribeImagesInput{ImageIds: []string{"ami-1"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true)}}, r.inputs)
	if err != nil {
		t.Error(err)
	}
	if _, err := (&Client{api: r}).Get(t.Context(), "ami-9"); !errors.Is(err, awserr.ErrNotFound) || text(err) != "describe image ami-9: not found" {
		t.Errorf("another image: %v", err)
	}
}

// An image that is encrypted in part is not encrypted; one whose date cannot be read is no old one.
func TestWhatAnImageIsNot(t *testing.T) {
	for name, c := range map[string]struct {
		image     types.Image
		encrypted bool
		protected bool
		fault     string
	}{
		"without snapshots":   {image: types.Image{}},
		"encrypted in part":   {image: types.Image{BlockDeviceMappings: devices("snap-1 encrypted", "snap-2")}},
		"encrypted":           {image: types.Image{BlockDeviceMappings: devices("snap-1 encrypted")}, encrypted: true},
		"not protected":       {image: types.Image{DeregistrationProtection: aws.String("disabled")}},
		"a word that is new":  {image: types.Image{DeregistrationProtection: aws.String("cooling down")}, protected: true},
		"a date that is none": {image: types.Image{CreationDate: aws.String("yesterday")}, fault: `read a date of image : parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`},
	} {
		i, err := fromSDK(c.image)
		if i.Encrypted != c.encrypted || i.Protected != c.protected || text(err) != c.fault {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}

func TestFind(t *testing.T) {
	made := func(id, date string) types.Image {
		return types.Image{ImageId: &id, CreationDate: &date}
	}
	r := &recorder{images: [][]types.Image{
		{made("ami-1", "2026-01-01T00:00:00.000Z"), made("ami-3", "2026-03-01T00:00:00.000Z")}, {}, {made("ami-2b", "2026-02-01T00:00:00.000Z"), made("ami-2a", "2026-02-01T00:00:00.000Z")},
	}}
	found, err := (&Client{api: r}).Find(t.Context(), Query{
		Owners: []string{Self}, NamePattern: "shop-*", Architecture: "arm64", Tags: map[string]string{"bluegreen:app": "shop*"}, Tagged: "key", Everything: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, i := range found {
		ids = append(ids, i.ID)
	}
	check(t, "newest first", []string{"ami-3", "ami-2a", "ami-2b", "ami-1"}, ids)
	check(t, "the request", &ec2.DescribeImagesInput{
		Owners: []string{"self"}, MaxResults: aws.Int32(1000), IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
		Filters: []types.Filter{filter("tag:bluegreen:app", `shop\*`), filter("name", "shop-*"), filter("tag-key", "key"), filter("architecture", "arm64")},
	}, r.inputs[0])
	if len(r.inputs) != 3 {
		t.Errorf("%d pages", len(r.inputs))
	}
	r.refuse = map[string]error{"images": refused("RequestLimitExceeded")}
	if found, err := (&Client{api: r}).Find(t.Context(), Query{}); !errors.Is(err, awserr.ErrThrottled) || found != nil {
		t.Errorf("when throttled: %v, %v", found, err)
	}
}

func TestCreateAndCopy(t *testing.T) {
	tags := map[string]string{"k": "v"}
	both := []types.TagSpecification{
		{ResourceType: "image", Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}},
		{ResourceType: "snapshot", Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}},
	}
	r := &recorder{}
	c := &Client{api: r, cfg: aws.Config{Region: "eu-north-1"}}
	for _, call := range []func() (string, error){
		func() (string, error) {
			return c.Create(t.Context(), Request{Instance: "i-1", Name: "shop-1", Description: "d", Tags: tags})
		},
		func() (string, error) {
			return c.Create(t.Context(), Request{Instance: "i-1", Name: "shop-1", Running: true})
		},
		func() (string, error) {
			return c.Copy(t.Context(), CopyRequest{Source: "ami-1", SourceRegion: "eu-west-1", Name: "shop-1", Description: "d", Token: "t", KMSKey: "alias/k", Tags: tags})
		},
		func() (string, error) {
			return c.Copy(t.Context(), CopyRequest{Source: "ami-1", SourceRegion: "eu-west-1", Name: "shop-1", Encrypted: true})
		},
		func() (string, error) {
			return c.Copy(t.Context(), CopyRequest{Source: "ami-1", SourceRegion: "eu-west-1", Name: "shop-1"})
		},
	} {
		if _, err := call(); err != nil {
			t.Error(err)
		}
	}
	check(t, "the requests", []any{
		&ec2.CreateImageInput{InstanceId: aws.String("i-1"), Name: aws.String("shop-1"), Description: aws.String("d"), TagSpecifications: both},
		&ec2.CreateImageInput{InstanceId: aws.String("i-1"), Name: aws.String("shop-1"), NoReboot: aws.Bool(true)},
		&ec2.CopyImageInput{
			SourceImageId: aws.String("ami-1"), SourceRegion: aws.String("eu-west-1"), Name: aws.String("shop-1"), Description: aws.String("d"),
			ClientToken: aws.String("t"), Encrypted: aws.Bool(true), KmsKeyId: aws.String("alias/k"), TagSpecifications: both,
		},
		&ec2.CopyImageInput{SourceImageId: aws.String("ami-1"), SourceRegion: aws.String("eu-west-1"), Name: aws.String("shop-1"), Encrypted: aws.Bool(true)},
		&ec2.CopyImageInput{SourceImageId: aws.String("ami-1"), SourceRegion: aws.String("eu-west-1"), Name: aws.String("shop-1")},
	}, r.inputs)

	r.refuse = map[string]error{"create": refused("InvalidAMIName.Duplicate"), "copy": refused("InvalidAMIID.NotFound")}
	id, err := c.Create(t.Context(), Request{Instance: "i-1", Name: "shop-1"})
	if id != "" || !errors.Is(err, awserr.ErrExists) || text(err) != "create image shop-1 of instance i-1: no (InvalidAMIName.Duplicate)" {
		t.Errorf("a name that is taken: %q, %v", id, err)
	}
	id, err = c.Copy(t.Context(), CopyRequest{Source: "ami-1", SourceRegion: "eu-west-1"})
	if id != "" || !errors.Is(err, awserr.ErrNotFound) || text(err) != "copy image ami-1 from eu-west-1 to eu-north-1: no (InvalidAMIID.NotFound)" {
		t.Errorf("a copy of nothing: %q, %v", id, err)
	}
}

func TestProgress(t *testing.T) {
	snapshot := func(id, progress string, state types.SnapshotState, size int32, message string) types.Snapshot {
		return types.Snapshot{SnapshotId: &id, Progress: &progress, State: state, VolumeSize: &size, StateMessage: &message}
	}
	for name, c := range map[string]struct {
		state     types.ImageState
		devices   []types.BlockDeviceMapping
		snapshots []types.Snapshot
		want      Progress
		calls     []string
	}{
		"it has no snapshot yet": {state: "pending", want: Progress{State: Pending}, calls: []string{"images"}},
		"its snapshot does not show yet": {
			state: "pending", devices: devices("snap-1"), want: Progress{State: Pending, Snapshots: []string{"snap-1"}}, calls: []string{"images", "snapshots"},
		},
		"at work": {
			state: "pending", devices: devices("snap-1", "snap-2"), snapshots: []types.Snapshot{snapshot("snap-1", "100%", "completed", 10, ""), snapshot("snap-2", "20%", "pending", 30, "")},
			want: Progress{State: Pending, Percent: 40, Snapshots: []string{"snap-1", "snap-2"}}, calls: []string{"images", "snapshots"},
		},
		"one of two shows": {
			state: "pending", devices: devices("snap-1", "snap-2"), snapshots: []types.Snapshot{snapshot("snap-1", "", "completed", 10, "")},
			want: Progress{State: Pending, Percent: 50, Snapshots: []string{"snap-1", "snap-2"}}, calls: []string{"images", "snapshots"},
		},
		"just begun": {
			state: "pending", devices: devices("snap-1"), snapshots: []types.Snapshot{snapshot("snap-1", "", "pending", 8, "")},
			want: Progress{State: Pending, Snapshots: []string{"snap-1"}}, calls: []string{"images", "snapshots"},
		},
		"all is said to be done, and is not": {
			state: "pending", devices: devices("snap-1"), snapshots: []types.Snapshot{snapshot("snap-1", "100%", "pending", 8, "")},
			want: Progress{State: Pending, Percent: 99, Snapshots: []string{"snap-1"}}, calls: []string{"images", "snapshots"},
		},
		"a snapshot failed": {
			state: "pending", devices: devices("snap-1"), snapshots: []types.Snapshot{snapshot("snap-1", "10%", "error", 8, "the key cannot be used")},
			want: Progress{State: Pending, Percent: 10, Reason: "snapshot snap-1 failed: the key cannot be used", Snapshots: []string{"snap-1"}}, calls: []string{"images", "snapshots"},
		},
		"it failed": {state: "failed", want: Progress{State: "failed", Reason: "why"}, calls: []string{"images"}},
		"done": {
			state: "available", devices: devices("snap-1"), want: Progress{State: Available, Percent: 100, Snapshots: []string{"snap-1"}}, calls: []string{"images"},
		},
	} {
		i := types.Image{ImageId: aws.String("ami-1"), State: c.state, BlockDeviceMappings: c.devices}
		if c.state == "failed" {
			i.StateReason = &types.StateReason{Message: aws.String("why")}
		}
		r := &recorder{images: [][]types.Image{{i}}, snapshots: [][]types.Snapshot{c.snapshots}}
		got, err := (&Client{api: r}).Progress(t.Context(), "ami-1")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		check(t, name, c.want, got)
		check(t, name, c.calls, r.calls)
	}
	r := &recorder{refuse: map[string]error{"images": refused("InvalidAMIID.NotFound")}}
	if _, err := (&Client{api: r}).Progress(t.Context(), "ami-1"); !errors.Is(err, awserr.ErrNotFound) {
		t.Errorf("an image that does not show yet: %v", err)
	}
	r.refuse["images"] = refused("RequestLimitExceeded")
	if _, err := (&Client{api: r}).Progress(t.Context(), "ami-1"); errors.Is(err, awserr.ErrNotFound) || !awserr.Transient(err) {
		t.Errorf("when throttled: %v", err)
	}
}
