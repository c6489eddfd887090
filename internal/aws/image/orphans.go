package image

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/ec2tag"
	"bluegreen/internal/pattern"
)

// Snapshot is what a disk of an image is made of.
type Snapshot struct {
	ID      string
	Image   string // the image that it was made for, if its description says so
	State   string // "completed", "error" …
	GiB     int    // of the volume
	Created time.Time
	Tags    map[string]string
}

// madeFor finds the image that EC2 made a snapshot for in the description that EC2 gave to it.
var madeFor = pattern.Lazy(`^(?:Created by CreateImage\(\S+\) for|Copied for DestinationAmi) (ami-[0-9a-f]+)\b`)

// filterValues is how many values a filter takes.
const filterValues = 200

// OrphanSnapshots lists this account's snapshots with some tags, and with others of any value, that no image is made of. One that is still being made is none,
// nor one whose image exists: an image does not name its snapshots from its first moment on.
func (c *Client) OrphanSnapshots(ctx context.Context, tags map[string]string, tagged ...string) ([]Snapshot, error) {
	filters := ec2tag.Filters(tags)
	for _, key := range tagged {
		filters = append(filters, filter("tag-key", key))
	}
	found, err := c.snapshots(ctx, filters...)
	if err != nil {
		return nil, awserr.Wrap(err, "list snapshots")
	}
	found = slices.DeleteFunc(found, func(s types.Snapshot) bool { return s.State == types.SnapshotStatePending })
	var orphans []Snapshot
	for some := range slices.Chunk(found, filterValues) {
		snapshots := make([]Snapshot, 0, len(some))
		for _, s := range some {
			snapshots = append(snapshots, snapshot(s))
		}
		used, err := c.used(ctx, snapshots)
		if err != nil {
			return nil, err
		}
		for _, s := range snapshots {
			if !used[s.ID] && !used[s.Image] {
				orphans = append(orphans, s)
			}
		}
	}
	return orphans, nil
}

// used has the ids of snapshots that images are made of, and of images that snapshots were made for and that exist.
func (c *Client) used(ctx context.Context, snapshots []Snapshot) (map[string]bool, error) {
	var ids, images []string
	for _, s := range snapshots {
		ids = append(ids, s.ID)
		if s.Image != "" {
			images = append(images, s.Image)
		}
	}
	used := map[string]bool{}
	for name, values := range map[string][]string{"block-device-mapping.snapshot-id": ids, "image-id": images} {
		if len(values) == 0 {
			continue
		}
		found, err := c.list(ctx, &ec2.DescribeImagesInput{
			Owners: []string{Self}, Filters: []types.Filter{filter(name, values...)}, MaxResults: aws.Int32(perPage),
			IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
		})
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			used[i.ID] = true
			for _, s := range i.Snapshots {
				used[s] = true
			}
		}
	}
	return used, nil
}

func snapshot(s types.Snapshot) Snapshot {
	found := Snapshot{
		ID: aws.ToString(s.SnapshotId), State: string(s.State), GiB: int(aws.ToInt32(s.VolumeSize)), Created: aws.ToTime(s.StartTime).UTC(), Tags: ec2tag.Map(s.Tags),
	}
	if m := madeFor().FindStringSubmatch(aws.ToString(s.Description)); m != nil {
		found.Image = m[1]
	}
	return found
}
