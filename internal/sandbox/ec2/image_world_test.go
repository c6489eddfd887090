package ec2_test

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/ec2"
)

func tag(key, value string) types.Tag {
	return types.Tag{Key: aws.String(key), Value: aws.String(value)}
}

func tagged(kind types.ResourceType, tags ...types.Tag) types.TagSpecification {
	return types.TagSpecification{ResourceType: kind, Tags: tags}
}

// running is an instance that runs.
func (w *world) running(change func(*sdk.RunInstancesInput)) string {
	w.t.Helper()
	id := *w.run(change).InstanceId
	w.wait(5)
	return id
}

// locked does something with the account locked.
func (w *world) locked(do func(s *ec2.Service)) {
	w.acct.Lock()
	defer w.acct.Unlock()
	do(w.service)
}

// bake makes an image of a new instance and waits until it is available.
func (w *world) bake(name string, change func(*sdk.CreateImageInput)) string {
	w.t.Helper()
	id := w.bakes(name, change)
	w.wait(30)
	return id
}

// bakes begins to.
func (w *world) bakes(name string, change func(*sdk.CreateImageInput)) string {
	w.t.Helper()
	in := &sdk.CreateImageInput{InstanceId: aws.String(w.running(nil)), Name: aws.String(name), NoReboot: aws.Bool(true)}
	if change != nil {
		change(in)
	}
	return *must(w.CreateImage(w.ctx, in))(w.t).ImageId
}

// shown is an image as it is described, hidden or not.
func (w *world) shown(id string) types.Image {
	w.t.Helper()
	return w.shownBy(w.Client, id)
}

func (w *world) shownBy(c *sdk.Client, id string) types.Image {
	w.t.Helper()
	out := must(c.DescribeImages(w.ctx, &sdk.DescribeImagesInput{ImageIds: []string{id}, IncludeDisabled: aws.Bool(true)}))(w.t)
	if len(out.Images) != 1 {
		w.t.Fatalf("%d images %s", len(out.Images), id)
	}
	return out.Images[0]
}

// snapshots are those of an image.
func (w *world) snapshots(id string) []types.Snapshot {
	w.t.Helper()
	return w.snapshotsBy(w.Client, id)
}

func (w *world) snapshotsBy(c *sdk.Client, id string) []types.Snapshot {
	w.t.Helper()
	var ids []string
	for _, d := range w.shownBy(c, id).BlockDeviceMappings {
		ids = append(ids, *d.Ebs.SnapshotId)
	}
	return must(c.DescribeSnapshots(w.ctx, &sdk.DescribeSnapshotsInput{SnapshotIds: ids}))(w.t).Snapshots
}

// console is what an instance has printed.
func (w *world) console(id string, latest bool) string {
	w.t.Helper()
	out := must(w.GetConsoleOutput(w.ctx, &sdk.GetConsoleOutputInput{InstanceId: aws.String(id), Latest: aws.Bool(latest)}))(w.t)
	text, err := base64.StdEncoding.DecodeString(aws.ToString(out.Output))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}
