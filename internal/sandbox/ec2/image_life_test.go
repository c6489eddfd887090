package ec2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/ec2"
)

// progress is how an image and its first snapshot look.
func (w *world) progress(id string) string {
	w.t.Helper()
	n := w.snapshots(id)[0]
	return fmt.Sprint(w.shown(id).State, " ", n.State, " ", *n.Progress)
}

func TestImageIsPendingUntilItsSnapshotsAreCompleted(t *testing.T) {
	for name, c := range map[string]struct {
		fault  *ec2.ImageFault
		want   []string // at once, after 15 seconds, 15 later, and ten minutes later
		reason string
	}{
		"nothing wrong": {nil, []string{"pending pending 0%", "pending pending 60%", "available completed 100%", "available completed 100%"}, ""},
		"slow": {
			&ec2.ImageFault{Action: ec2.ImageSlow, Takes: 5 * time.Minute},
			[]string{"pending pending 0%", "pending pending 5%", "pending pending 10%", "available completed 100%"}, "",
		},
		"stuck": {
			&ec2.ImageFault{Operation: "CreateImage", Name: "app-*", Action: ec2.ImageStuck, Percent: 40},
			[]string{"pending pending 0%", "pending pending 40%", "pending pending 40%", "pending pending 40%"}, "",
		},
		"snapshot failed": {
			&ec2.ImageFault{Action: ec2.ImageSnapshotFailed, Reason: "disk full"},
			[]string{"pending pending 0%", "failed error 50%", "failed error 50%", "failed error 50%"}, "disk full",
		},
		"failed": {
			&ec2.ImageFault{Action: ec2.ImageFailed, Nth: 1},
			[]string{"pending pending 0%", "pending pending 60%", "failed completed 100%", "failed completed 100%"}, "The image could not be registered",
		},
		"another's fault": {
			&ec2.ImageFault{Operation: "CopyImage", Action: ec2.ImageFailed},
			[]string{"pending pending 0%", "pending pending 60%", "available completed 100%", "available completed 100%"}, "",
		},
		"a later one's fault": {
			&ec2.ImageFault{Name: "app*", Nth: 2, Action: ec2.ImageStuck},
			[]string{"pending pending 0%", "pending pending 60%", "available completed 100%", "available completed 100%"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				if c.fault != nil {
					w.locked(func(s *ec2.Service) { s.AddImageFaults(*c.fault) })
				}
				id := w.bakes("app-v2", nil)
				var got []string
				for _, seconds := range []int{0, 15, 15, 600} {
					w.wait(seconds)
					got = append(got, w.progress(id))
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				why := ""
				if r := w.shown(id).StateReason; r != nil {
					why = *r.Message
				}
				if (c.reason == "") != (why == "") || !strings.Contains(why, c.reason) {
					t.Errorf("failed because %q, want %q", why, c.reason)
				}
			})
		})
	}
}

func TestFaultsStrikeTheImagesTheyCount(t *testing.T) {
	in(t, func(w *world) {
		w.locked(func(s *ec2.Service) {
			s.AddImageFaults(
				ec2.ImageFault{Nth: 2, Action: ec2.ImageFailed},
				ec2.ImageFault{Nth: 3, Times: -1, Action: ec2.ImageSnapshotFailed},
			)
		})
		var got []types.ImageState
		for n := range 4 {
			got = append(got, w.shown(w.bake(fmt.Sprintf("app-%d", n), nil)).State)
		}
		w.locked(func(s *ec2.Service) { s.ClearImageFaults() })
		got = append(got, w.shown(w.bake("app-last", nil)).State)
		want := []types.ImageState{"available", "failed", "failed", "failed", "available"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestWaitersOfTheSDK(t *testing.T) {
	in(t, func(w *world) {
		i := w.run(nil)
		running := sdk.NewInstanceRunningWaiter(w)
		if err := running.Wait(w.ctx, &sdk.DescribeInstancesInput{InstanceIds: []string{*i.InstanceId}}, time.Hour); err != nil {
			t.Error(err)
		}
		ok := sdk.NewInstanceStatusOkWaiter(w)
		if err := ok.Wait(w.ctx, &sdk.DescribeInstanceStatusInput{InstanceIds: []string{*i.InstanceId}}, time.Hour); err != nil {
			t.Error(err)
		}
		id := w.bakes("app-v2", nil)
		snapshot := w.snapshots(id)[0]
		if err := sdk.NewSnapshotCompletedWaiter(w).Wait(w.ctx, &sdk.DescribeSnapshotsInput{SnapshotIds: []string{*snapshot.SnapshotId}}, time.Hour); err != nil {
			t.Error(err)
		}
		if err := sdk.NewImageAvailableWaiter(w).Wait(w.ctx, &sdk.DescribeImagesInput{ImageIds: []string{id}}, time.Hour); err != nil {
			t.Error(err)
		}
	})
}

// TestImageShowsWhatWasAsked makes an image of an encrypted volume, one that is added, and one that comes from a snapshot.
func TestImageShowsWhatWasAsked(t *testing.T) {
	in(t, func(w *world) {
		shared := *w.snapshots(imageID)[0].SnapshotId
		const key = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c"
		source := w.running(func(in *sdk.RunInstancesInput) {
			in.BlockDeviceMappings = []types.BlockDeviceMapping{{
				DeviceName: aws.String("/dev/xvda"),
				Ebs:        &types.EbsBlockDevice{VolumeSize: aws.Int32(20), Encrypted: aws.Bool(true), KmsKeyId: aws.String("0f1e2d3c")},
			}}
		})
		id := w.bake("app-v2", func(in *sdk.CreateImageInput) {
			in.InstanceId, in.Description = aws.String(source), aws.String("the second")
			in.BlockDeviceMappings = []types.BlockDeviceMapping{
				{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{DeleteOnTermination: aws.Bool(false)}},
				{DeviceName: aws.String("/dev/sdb"), Ebs: &types.EbsBlockDevice{VolumeSize: aws.Int32(100)}},
				{DeviceName: aws.String("/dev/sdc"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(shared)}},
			}
			in.TagSpecifications = []types.TagSpecification{
				tagged("image", tag("on", "image"), tag("run", "1")), tagged("snapshot", tag("on", "snapshot"), tag("run", "1")),
			}
		})
		type disk struct {
			Description, Key, Owner string
			GiB                     int32
			Encrypted, Shared       bool
			Tags                    map[string]string
		}
		type seen struct {
			Name, Description, State, Owner, Source, Base, Region string
			Kept, Public                                          bool
			Tags                                                  map[string]string
			Disks                                                 []disk
		}
		i := w.shown(id)
		got := seen{
			*i.Name, *i.Description, string(i.State), *i.OwnerId, *i.SourceInstanceId, *i.SourceImageId, *i.SourceImageRegion,
			!*i.BlockDeviceMappings[0].Ebs.DeleteOnTermination, *i.Public, tagMap(i.Tags), nil,
		}
		for _, n := range w.snapshots(id) {
			got.Disks = append(got.Disks, disk{
				aws.ToString(n.Description), aws.ToString(n.KmsKeyId), *n.OwnerId, *n.VolumeSize, *n.Encrypted, *n.SnapshotId == shared, tagMap(n.Tags),
			})
		}
		account, made := "123456789012", "Created by CreateImage("+source+") for "+id
		onSnapshot := map[string]string{"on": "snapshot", "run": "1"}
		want := seen{
			"app-v2", "the second", "available", account, source, imageID, "eu-west-1", true, false, map[string]string{"on": "image", "run": "1"},
			[]disk{
				{made, key, account, 20, true, false, onSnapshot},
				{made, "", account, 100, false, false, onSnapshot},
				{"", "", account, 8, false, true, map[string]string{}},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestImageHoldsTheSoftwareOfItsInstance checks that what an image is not tagged with is not lost.
func TestImageHoldsTheSoftwareOfItsInstance(t *testing.T) {
	in(t, func(w *world) {
		var booted []map[string]string
		w.locked(func(s *ec2.Service) {
			s.Start = func(m ec2.Machine) (func(), error) {
				booted = append(booted, m.ImageTags)
				return func() {}, nil
			}
		})
		id := w.bake("app-v2", func(in *sdk.CreateImageInput) {
			in.TagSpecifications = []types.TagSpecification{tagged("image", tag("Version", "v2"))}
		})
		w.running(func(in *sdk.RunInstancesInput) { in.ImageId = aws.String(id) })
		want := []map[string]string{
			{"Version": "v1", "sandbox:behavior": "boot=1s"},
			{"Version": "v2", "sandbox:behavior": "boot=1s"},
		}
		if diff := cmp.Diff(want, booted); diff != "" {
			t.Errorf("tags that machines booted with (-want +got):\n%s", diff)
		}
		if tags := tagMap(w.shown(id).Tags); len(tags) != 1 {
			t.Errorf("the image has tags that nobody gave it: %v", tags)
		}
	})
}

// TestImageWaitsForItsDisk has the neighbour that runs the machines keep a disk.
func TestImageWaitsForItsDisk(t *testing.T) {
	in(t, func(w *world) {
		kept := map[string]func(error){}
		var discarded, disks []string
		w.locked(func(s *ec2.Service) {
			s.Start = func(m ec2.Machine) (func(), error) {
				disks = append(disks, m.DiskID)
				return func() {}, nil
			}
			s.Capture = func(instanceID, imageID string, done func(error)) bool {
				kept[imageID] = done
				return true
			}
			s.Discard = func(imageID string) { discarded = append(discarded, imageID) }
		})
		good, bad := w.bakes("good", nil), w.bakes("bad", nil)
		w.wait(60)
		got := []types.ImageState{w.shown(good).State, w.shown(bad).State}
		w.locked(func(*ec2.Service) {
			kept[good](nil)
			kept[bad](errors.New("no room"))
		})
		w.wait(5)
		got = append(got, w.shown(good).State, w.shown(bad).State)
		if diff := cmp.Diff([]types.ImageState{"pending", "pending", "available", "failed"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		copied := must(w.CopyImage(w.ctx, &sdk.CopyImageInput{
			Name: aws.String("copy"), SourceImageId: aws.String(good), SourceRegion: aws.String("eu-west-1"),
		}))(t).ImageId
		w.wait(60)
		w.running(func(in *sdk.RunInstancesInput) { in.ImageId = copied })
		if diff := cmp.Diff([]string{"", "", good}, disks); diff != "" {
			t.Errorf("disks of machines (-want +got):\n%s", diff)
		}
		must(w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(good)}))(t)
		if len(discarded) != 0 {
			t.Errorf("discarded although there is a copy: %v", discarded)
		}
		must(w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: copied}))(t)
		if diff := cmp.Diff([]string{good}, discarded); diff != "" {
			t.Errorf("discarded (-want +got):\n%s", diff)
		}
	})
}

func TestDeregisterImage(t *testing.T) {
	in(t, func(w *world) {
		first := w.bake("first", nil)
		own := *w.snapshots(first)[0].SnapshotId
		var second string
		w.locked(func(s *ec2.Service) {
			var err error
			if second, err = s.AddImage(ec2.Image{Name: "second", Snapshot: own}); err != nil {
				t.Fatal(err)
			}
		})
		got := map[string]string{}
		remove := func(step, image string, with bool) {
			out, err := w.DeregisterImage(w.ctx, &sdk.DeregisterImageInput{ImageId: aws.String(image), DeleteAssociatedSnapshots: aws.Bool(with)})
			got[step] = code(err)
			if err == nil {
				for _, r := range out.DeleteSnapshotResults {
					got[step] += string(r.ReturnCode)
				}
			}
		}
		erase := func(step, id string) {
			_, err := w.DeleteSnapshot(w.ctx, &sdk.DeleteSnapshotInput{SnapshotId: aws.String(id)})
			got[step] = code(err)
		}
		erase("a snapshot in use", own)
		remove("one of two users", first, true)
		erase("a snapshot still in use", own)
		remove("the last user", second, true)
		erase("a snapshot that went with it", own)
		remove("again", second, true)

		third := w.bakes("third", nil) // not even available yet
		left := *w.snapshots(third)[0].SnapshotId
		remove("without snapshots", third, false)
		erase("a snapshot that was left", left)
		erase("what is no snapshot", "vol-1")
		want := map[string]string{
			"a snapshot in use": "InvalidSnapshot.InUse", "one of two users": "skipped", "a snapshot still in use": "InvalidSnapshot.InUse",
			"the last user": "success", "a snapshot that went with it": "InvalidSnapshot.NotFound", "again": "InvalidAMIID.Unavailable",
			"without snapshots": "", "a snapshot that was left": "", "what is no snapshot": "InvalidSnapshotID.Malformed",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		w.wait(60) // nothing happens to what is gone
	})
}

func TestDescribeSnapshots(t *testing.T) {
	in(t, func(w *world) {
		mine := *w.snapshots(w.bake("app-v2", func(in *sdk.CreateImageInput) {
			in.TagSpecifications = []types.TagSpecification{tagged("snapshot", tag("run", "1"))}
		}))[0].SnapshotId
		young := *w.snapshots(w.bakes("app-v3", nil))[0].SnapshotId
		base := *w.snapshots(imageID)[0].SnapshotId
		must(w.ModifySnapshotAttribute(w.ctx, &sdk.ModifySnapshotAttributeInput{
			SnapshotId: aws.String(mine), Attribute: "createVolumePermission", OperationType: "add", UserIds: []string{"210987654321"},
		}))(t)
		var theirs string
		w.locked(func(s *ec2.Service) {
			id, err := s.AddImage(ec2.Image{Name: "theirs", Owner: "099720109477"})
			if err != nil {
				t.Fatal(err)
			}
			theirs = id
		})
		foreign := *w.shown(theirs).BlockDeviceMappings[0].Ebs.SnapshotId
		got := map[string][]string{}
		for label, in := range map[string]*sdk.DescribeSnapshotsInput{
			"all":        {},
			"own":        {OwnerIds: []string{"self"}},
			"by tag":     {Filters: names("tag:run", "1")},
			"pending":    {Filters: names("status", "pending")},
			"completed":  {Filters: append(names("status", "completed"), names("volume-size", "8")...)},
			"by text":    {Filters: names("description", "Created by CreateImage*")},
			"unreadable": {SnapshotIds: []string{foreign}},
			"shared":     {RestorableByUserIds: []string{"210987654321"}},
			"public":     {RestorableByUserIds: []string{"all"}},
		} {
			for _, n := range must(w.DescribeSnapshots(w.ctx, in))(t).Snapshots {
				got[label] = append(got[label], *n.SnapshotId)
			}
		}
		want := map[string][]string{
			"all": {base, mine, young}, "own": {base, mine, young}, "by tag": {mine}, "pending": {young}, "completed": {base, mine},
			"by text": {mine, young}, "shared": {mine},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for n := range 9 {
			w.bakes(fmt.Sprintf("more-%d", n), nil)
		}
		var pages []int
		for p := sdk.NewDescribeSnapshotsPaginator(w, &sdk.DescribeSnapshotsInput{MaxResults: aws.Int32(5)}); p.HasMorePages(); {
			pages = append(pages, len(must(p.NextPage(w.ctx))(t).Snapshots))
		}
		if diff := cmp.Diff([]int{5, 5, 2}, pages); diff != "" {
			t.Errorf("pages (-want +got):\n%s", diff)
		}
	})
}
