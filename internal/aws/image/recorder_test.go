package image

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// recorder is an api that keeps what it was asked for. What it is not made for panics.
type recorder struct {
	api
	mu        sync.Mutex
	images    [][]types.Image // by page
	snapshots [][]types.Snapshot
	results   []types.DeleteSnapshotReturnCode
	refuse    map[string]error // by call, e.g. "delete snap-1"
	inputs    []any
	calls     []string
}

func (r *recorder) called(in any, format string, args ...any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	call := fmt.Sprintf(format, args...)
	r.inputs, r.calls = append(r.inputs, in), append(r.calls, call)
	return r.refuse[call]
}

// page finds what a token asks for, and the token of the page after it.
func page[T any](pages [][]T, token *string) ([]T, *string) {
	if len(pages) == 0 {
		return nil, nil
	}
	n := 0
	if token != nil {
		fmt.Sscan(*token, &n)
	}
	if n+1 < len(pages) {
		return pages[n], aws.String(fmt.Sprint(n + 1))
	}
	return pages[n], nil
}

func (r *recorder) DescribeImages(_ context.Context, in *ec2.DescribeImagesInput, _ ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error) {
	some, next := page(r.images, in.NextToken)
	// The real one answers only for what was asked.
	some = slices.DeleteFunc(slices.Clone(some), func(i types.Image) bool {
		return len(in.ImageIds) > 0 && !slices.Contains(in.ImageIds, aws.ToString(i.ImageId))
	})
	return &ec2.DescribeImagesOutput{Images: some, NextToken: next}, r.called(in, "images")
}

func (r *recorder) DescribeSnapshots(_ context.Context, in *ec2.DescribeSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error) {
	some, next := page(r.snapshots, in.NextToken)
	return &ec2.DescribeSnapshotsOutput{Snapshots: some, NextToken: next}, r.called(in, "snapshots")
}

func (r *recorder) CreateImage(_ context.Context, in *ec2.CreateImageInput, _ ...func(*ec2.Options)) (*ec2.CreateImageOutput, error) {
	return &ec2.CreateImageOutput{ImageId: aws.String("ami-1")}, r.called(in, "create")
}

func (r *recorder) CopyImage(_ context.Context, in *ec2.CopyImageInput, _ ...func(*ec2.Options)) (*ec2.CopyImageOutput, error) {
	return &ec2.CopyImageOutput{ImageId: aws.String("ami-2")}, r.called(in, "copy")
}

func (r *recorder) DeregisterImage(_ context.Context, in *ec2.DeregisterImageInput, _ ...func(*ec2.Options)) (*ec2.DeregisterImageOutput, error) {
	if err := r.called(in, "deregister %s %v", *in.ImageId, aws.ToBool(in.DeleteAssociatedSnapshots)); err != nil {
		return nil, err
	}
	return &ec2.DeregisterImageOutput{DeleteSnapshotResults: r.results}, nil
}

func (r *recorder) DeleteSnapshot(_ context.Context, in *ec2.DeleteSnapshotInput, _ ...func(*ec2.Options)) (*ec2.DeleteSnapshotOutput, error) {
	return &ec2.DeleteSnapshotOutput{}, r.called(in, "delete %s", *in.SnapshotId)
}

func (r *recorder) ModifyImageAttribute(_ context.Context, in *ec2.ModifyImageAttributeInput, _ ...func(*ec2.Options)) (*ec2.ModifyImageAttributeOutput, error) {
	return &ec2.ModifyImageAttributeOutput{}, r.called(in, "share %s", *in.ImageId)
}

func (r *recorder) ModifySnapshotAttribute(_ context.Context, in *ec2.ModifySnapshotAttributeInput, _ ...func(*ec2.Options)) (*ec2.ModifySnapshotAttributeOutput, error) {
	return &ec2.ModifySnapshotAttributeOutput{}, r.called(in, "share %s", *in.SnapshotId)
}

func refused(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }

// ofSDK lets a comparison pass over what the SDK keeps for itself.
var ofSDK = cmp.FilterPath(func(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && field.Name() == "noSmithyDocumentSerde"
}, cmp.Ignore())

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, ofSDK, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// devices are those of an image that is made of snapshots.
func devices(snapshots ...string) []types.BlockDeviceMapping {
	list := []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sdb"), VirtualName: aws.String("ephemeral0")}}
	for _, s := range snapshots {
		id, encrypted := strings.CutSuffix(s, " encrypted")
		list = append(list, types.BlockDeviceMapping{Ebs: &types.EbsBlockDevice{SnapshotId: &id, Encrypted: &encrypted}})
	}
	return list
}
