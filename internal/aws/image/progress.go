package image

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
)

// Progress is how far an image is.
type Progress struct {
	State     string // of the image
	Reason    string // why it failed, or why a snapshot of it did; "" when nothing did
	Percent   int    // of all of its snapshots that are known so far, by their size
	Snapshots []string
}

// Progress asks how far an image is. One that was only just made may be awserr.ErrNotFound for a while.
func (c *Client) Progress(ctx context.Context, id string) (Progress, error) {
	i, err := c.Get(ctx, id)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{State: i.State, Reason: i.Reason, Snapshots: i.Snapshots}
	switch {
	case i.State == Available:
		p.Percent, p.Reason = 100, ""
		return p, nil
	case len(i.Snapshots) == 0:
		return p, nil
	}
	snapshots, err := c.snapshots(ctx, filter("snapshot-id", i.Snapshots...))
	if err != nil {
		return Progress{}, awserr.Wrap(err, "read the progress of image %s", id)
	}
	p.Percent = percent(snapshots, len(i.Snapshots))
	for _, s := range snapshots {
		if p.Reason == "" && s.State == types.SnapshotStateError {
			p.Reason = "snapshot " + aws.ToString(s.SnapshotId) + " failed: " + aws.ToString(s.StateMessage)
		}
	}
	return p, nil
}

// percent is how much of some snapshots is done. Those that do not show yet have nothing.
func percent(snapshots []types.Snapshot, known int) int {
	var done, size int
	for _, s := range snapshots {
		weight := max(1, int(aws.ToInt32(s.VolumeSize)))
		size += weight
		done += weight * progress(s)
	}
	if size == 0 {
		return 0
	}
	return done * len(snapshots) / (size * max(known, len(snapshots)))
}

func progress(s types.Snapshot) int {
	if s.State == types.SnapshotStateCompleted {
		return 100
	}
	n, err := strconv.Atoi(strings.TrimSuffix(aws.ToString(s.Progress), "%"))
	if err != nil { // it is empty at first
		return 0
	}
	return min(max(n, 0), 99)
}

// snapshots lists this account's that match filters. To ask by id would be refused as long as one of them does not show.
func (c *Client) snapshots(ctx context.Context, filters ...types.Filter) ([]types.Snapshot, error) {
	var all []types.Snapshot
	pages := ec2.NewDescribeSnapshotsPaginator(c.api, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{Self}, Filters: filters, MaxResults: aws.Int32(perPage),
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, out.Snapshots...)
	}
	return all, nil
}
