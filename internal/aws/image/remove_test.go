package image

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
)

func result(id string, code types.SnapshotReturnCodes) types.DeleteSnapshotReturnCode {
	return types.DeleteSnapshotReturnCode{SnapshotId: &id, ReturnCode: code}
}

func TestDeregister(t *testing.T) {
	const remove = "deregister ami-1 true"
	for name, c := range map[string]struct {
		results    []types.DeleteSnapshotReturnCode
		protection string
		refuse     map[string]error
		calls      []string // after the image was read
		text       string
		kind       error
	}{
		"with its snapshots": {
			results: []types.DeleteSnapshotReturnCode{result("snap-1", "success"), result("snap-2", "skipped")}, calls: []string{remove},
		},
		"one could not be deleted": {
			results: []types.DeleteSnapshotReturnCode{result("snap-1", "internal-error"), result("snap-2", "success")}, calls: []string{remove, "delete snap-1"},
		},
		"EC2 says nothing of them": {calls: []string{remove, "delete snap-1", "delete snap-2"}},
		"they are gone, or another image's, too": {
			refuse: map[string]error{"delete snap-1": refused("InvalidSnapshot.NotFound"), "delete snap-2": refused("InvalidSnapshot.InUse")},
			calls:  []string{remove, "delete snap-1", "delete snap-2"},
		},
		"we may not": {
			results: []types.DeleteSnapshotReturnCode{result("snap-1", "missing-permissions"), result("snap-2", "client-error")},
			refuse:  map[string]error{"delete snap-1": refused("UnauthorizedOperation")}, calls: []string{remove, "delete snap-1", "delete snap-2"},
			text: "image ami-1 is deregistered: delete snapshot snap-1: no (UnauthorizedOperation)", kind: awserr.ErrDenied,
		},
		"an answer got lost": {
			refuse: map[string]error{remove: refused("InvalidAMIID.Unavailable")}, calls: []string{remove, "delete snap-1", "delete snap-2"},
		},
		"it is protected": {protection: "enabled-without-cooldown", text: "deregister image ami-1: protected from it", kind: awserr.ErrProtected},
		"it cools down": {
			protection: "disabled", refuse: map[string]error{remove: refused("OperationNotPermitted")}, calls: []string{remove},
			text: "deregister image ami-1: no (OperationNotPermitted)", kind: awserr.ErrProtected,
		},
		"refused": {
			refuse: map[string]error{remove: refused("UnauthorizedOperation")}, calls: []string{remove},
			text: "deregister image ami-1: no (UnauthorizedOperation)", kind: awserr.ErrDenied,
		},
		"gone": {
			refuse: map[string]error{"images": refused("InvalidAMIID.Unavailable")}, text: "describe image ami-1: no (InvalidAMIID.Unavailable)", kind: awserr.ErrNotFound,
		},
	} {
		r := &recorder{refuse: c.refuse, results: c.results, images: [][]types.Image{{{
			ImageId: aws.String("ami-1"), BlockDeviceMappings: devices("snap-1", "snap-2"), DeregistrationProtection: &c.protection,
		}}}}
		err := (&Client{api: r}).Deregister(t.Context(), "ami-1")
		if text(err) != c.text || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
		check(t, name, append([]string{"images"}, c.calls...), r.calls)
	}
}

func TestOrphanSnapshots(t *testing.T) {
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	made := func(id, description string, state types.SnapshotState) types.Snapshot {
		return types.Snapshot{SnapshotId: &id, Description: &description, State: state, StartTime: &begun, VolumeSize: aws.Int32(8)}
	}
	r := &recorder{
		snapshots: [][]types.Snapshot{
			{
				made("snap-1", "Created by CreateImage(i-1) for ami-1", "completed"),
				made("snap-2", "Created by CreateImage(i-1) for ami-2", "completed"),
			},
			{
				made("snap-3", "Created by CreateImage(i-1) for ami-3", "pending"),
				made("snap-4", "Copied for DestinationAmi ami-4 from SourceAmi ami-0 for SourceSnapshot snap-0. Task created on 1,767,312,000,000.", "error"),
				made("snap-5", "by hand for ami-5", "completed"),
				made("snap-6", "", "completed"),
			},
		},
		images: [][]types.Image{
			{{ImageId: aws.String("ami-7"), BlockDeviceMappings: devices("snap-6")}}, // copied by hand
			{{ImageId: aws.String("ami-2")}},                                         // does not name its snapshots yet
		},
	}
	got, err := (&Client{api: r}).OrphanSnapshots(t.Context(), map[string]string{"k": "v"}, "key")
	if err != nil {
		t.Fatal(err)
	}
	want := []Snapshot{
		{ID: "snap-1", Image: "ami-1", State: "completed", GiB: 8, Created: begun},
		{ID: "snap-4", Image: "ami-4", State: "error", GiB: 8, Created: begun},
		{ID: "snap-5", State: "completed", GiB: 8, Created: begun},
	}
	check(t, "orphans", want, got)
	check(t, "the first request", &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: []types.Filter{filter("tag:k", "v"), filter("tag-key", "key")}, MaxResults: aws.Int32(1000),
	}, r.inputs[0])
	asked := map[string][]string{}
	for _, in := range r.inputs {
		if d, ok := in.(*ec2.DescribeImagesInput); ok {
			asked[*d.Filters[0].Name] = d.Filters[0].Values
			if !aws.ToBool(d.IncludeDisabled) || !aws.ToBool(d.IncludeDeprecated) || !slices.Equal(d.Owners, []string{"self"}) {
				t.Errorf("it asks for too little: %+v", d)
			}
		}
	}
	check(t, "asked for", map[string][]string{
		"block-device-mapping.snapshot-id": {"snap-1", "snap-2", "snap-4", "snap-5", "snap-6"}, "image-id": {"ami-1", "ami-2", "ami-4"},
	}, asked)
	for _, call := range []string{"snapshots", "images"} {
		r.refuse = map[string]error{call: refused("UnauthorizedOperation")}
		if got, err := (&Client{api: r}).OrphanSnapshots(t.Context(), nil); got != nil || !errors.Is(err, awserr.ErrDenied) {
			t.Errorf("without the right to list %s: %v, %v", call, got, err)
		}
	}
}

// A filter takes no more than 200 values.
func TestManyOrphans(t *testing.T) {
	var all []types.Snapshot
	for n := range 401 {
		all = append(all, types.Snapshot{SnapshotId: aws.String(fmt.Sprint("snap-", n)), State: "completed"})
	}
	r := &recorder{snapshots: [][]types.Snapshot{all}}
	got, err := (&Client{api: r}).OrphanSnapshots(t.Context(), nil)
	if err != nil || len(got) != len(all) {
		t.Errorf("%d orphans, %v", len(got), err)
	}
	var asked []int
	for _, in := range r.inputs {
		if d, ok := in.(*ec2.DescribeImagesInput); ok {
			asked = append(asked, len(d.Filters[0].Values))
		}
	}
	check(t, "asked for", []int{200, 200, 1}, asked)
}

func TestShare(t *testing.T) {
	user := func(id string) []types.CreateVolumePermission {
		return []types.CreateVolumePermission{{UserId: &id}}
	}
	account := types.LaunchPermission{UserId: aws.String("111122223333")}
	organization := types.LaunchPermission{OrganizationArn: aws.String("arn:o")}
	unit := types.LaunchPermission{OrganizationalUnitArn: aws.String("arn:ou")}
	for name, c := range map[string]struct {
		audience Audience
		want     []any
	}{
		"with nobody": {},
		"with an organization": {
			Audience{Organizations: []string{"arn:o"}, Units: []string{"arn:ou"}},
			[]any{&ec2.ModifyImageAttributeInput{ImageId: aws.String("ami-1"), LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{organization, unit}}}},
		},
		"with an account": {
			Audience{Accounts: []string{"111122223333"}},
			[]any{
				&ec2.ModifySnapshotAttributeInput{
					SnapshotId: aws.String("snap-1"), Attribute: "createVolumePermission", CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: user("111122223333")},
				},
				&ec2.ModifyImageAttributeInput{ImageId: aws.String("ami-1"), LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{account}}},
			},
		},
	} {
		r := &recorder{}
		if err := (&Client{api: r}).Share(t.Context(), "ami-1", []string{"snap-1"}, c.audience); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		check(t, name, c.want, r.inputs)
	}
	r := &recorder{refuse: map[string]error{"share snap-1": refused("InvalidParameter")}}
	err := (&Client{api: r}).Share(t.Context(), "ami-1", []string{"snap-1"}, Audience{Accounts: []string{"111122223333"}})
	if text(err) != "share snapshot snap-1: no (InvalidParameter)" || len(r.calls) != 1 {
		t.Errorf("a snapshot that cannot be shared: %v, %v", err, r.calls)
	}
}
