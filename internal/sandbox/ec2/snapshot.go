package ec2

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/wire"
)

// snapshot is a copy of a volume, or of another snapshot. Its tags live in Service.tags.
type snapshot struct {
	types.Snapshot // Progress and Tags when described
	permissions    []types.CreateVolumePermission

	takes  time.Duration  // from the start to the end, of the account's time; until then it is pending
	end    int            // percent at which it ends or is stuck; 0 for 100
	broken string         // why it ends there; "" where it does not
	timer  *account.Timer // its end
}

// How long a snapshot is pending. It depends on the size in AWS, and little on it here.
const (
	snapshotTime = 25 * time.Second
	copyTime     = 55 * time.Second // into another region, or with another key
)

// addSnapshot stores a snapshot that is completed, after filling in what all of them share.
func (s *Service) addSnapshot(made types.Snapshot, tags map[string]string) *snapshot {
	id := s.newID("snap-")
	made.SnapshotId = &id
	made.OwnerId = aws.String(orNew(aws.ToString(made.OwnerId), s.Account.ID))
	made.StartTime, made.CompletionTime = s.now(), s.now()
	made.State, made.StorageTier = types.SnapshotStateCompleted, types.StorageTierStandard
	made.Encrypted = aws.Bool(aws.ToBool(made.Encrypted))
	stored := &snapshot{Snapshot: made}
	s.snapshots.put(id, stored)
	s.setTags(id, tags)
	return stored
}

// begin makes a snapshot pending for a while, which fault may change the end of.
func (s *Service) begin(n *snapshot, takes time.Duration, fault *ImageFault) {
	n.State, n.CompletionTime, n.takes = types.SnapshotStatePending, nil, takes
	if fault != nil {
		fault.apply(n)
	}
	switch {
	case !s.keyUsable(aws.ToString(n.KmsKeyId)) && aws.ToBool(n.Encrypted):
		n.end, n.broken = 1, "Given key ID is not accessible"
	case n.end > 0 && n.broken == "":
		return // stuck
	}
	after := n.takes
	if n.end > 0 {
		after = n.takes / 100 * time.Duration(n.end)
	}
	n.timer = s.Account.After(after, func() {
		n.State, n.CompletionTime = types.SnapshotStateCompleted, s.now()
		if n.broken != "" {
			n.State, n.StateMessage, n.CompletionTime = types.SnapshotStateError, aws.String(n.broken), nil
		}
		for _, i := range s.usersOf(*n.SnapshotId) {
			s.settle(i)
		}
	})
}

// percent is how far a snapshot has come.
func (s *Service) percent(n *snapshot) int {
	switch {
	case n.State == types.SnapshotStateCompleted:
		return 100
	case n.State == types.SnapshotStateError:
		return n.end
	}
	done := int(100 * s.Account.Now().Sub(*n.StartTime) / max(s.Account.Scaled(n.takes), 1))
	if n.end > 0 {
		return min(done, n.end)
	}
	return min(done, 99)
}

// usersOf are the images that are made of a snapshot.
func (s *Service) usersOf(snapshotID string) []*image {
	var users []*image
	for _, i := range s.images.all() {
		for _, id := range snapshotsOf(i) {
			if id == snapshotID {
				users = append(users, i)
				break
			}
		}
	}
	return users
}

// snapshotsOf are the snapshots that an image is made of.
func snapshotsOf(i *image) []string {
	var ids []string
	for _, d := range i.BlockDeviceMappings {
		if d.Ebs != nil && d.Ebs.SnapshotId != nil {
			ids = append(ids, *d.Ebs.SnapshotId)
		}
	}
	return ids
}

// findSnapshot looks a snapshot up that a request names.
func (s *Service) findSnapshot(id string) (*snapshot, error) {
	if err := checkID("InvalidSnapshotID.Malformed", "snap-", id); err != nil {
		return nil, err
	}
	n, ok := s.snapshots.get(id)
	if !ok {
		return nil, wire.Errorf("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", id)
	}
	return n, nil
}

// ownSnapshot looks one up that a request wants to change.
func (s *Service) ownSnapshot(id string) (*snapshot, error) {
	n, err := s.findSnapshot(id)
	if err == nil && *n.OwnerId != s.Account.ID {
		err = wire.Errorf("UnauthorizedOperation", "You are not authorized to perform this operation on %s.", id).WithStatus(403)
	}
	return n, err
}

func (s *Service) removeSnapshot(n *snapshot) {
	n.timer.Stop()
	s.snapshots.remove(*n.SnapshotId)
	delete(s.tags, *n.SnapshotId)
}

// describedSnapshot is a snapshot as a client sees it now.
func (s *Service) describedSnapshot(n *snapshot) types.Snapshot {
	d := n.Snapshot
	d.Progress = aws.String(fmt.Sprintf("%d%%", s.percent(n)))
	d.Tags = s.tagsOf(*n.SnapshotId)
	return d
}
