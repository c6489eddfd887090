package route53

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/sandbox/wire"
)

// change is an accepted batch on its way to the name servers.
type change struct {
	info    types.ChangeInfo
	waiting int // name servers that have not heard of it
}

// ChangeResourceRecordSets applies a batch, all of it or nothing.
func (s *Service) ChangeResourceRecordSets(_ context.Context, in *sdk.ChangeResourceRecordSetsInput) (*sdk.ChangeResourceRecordSetsOutput, error) {
	z, err := s.zone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	if err := checkShape(in.ChangeBatch); err != nil {
		return nil, err
	}
	if err := s.checkHealthChecks(in.ChangeBatch.Changes); err != nil {
		return nil, err
	}
	if z.busy {
		return nil, errBusy()
	}
	records, faults := s.apply(z, in.ChangeBatch.Changes)
	if faults != nil {
		return nil, &wire.Error{Code: "InvalidChangeBatch", Message: "[" + strings.Join(faults, ", ") + "]", Messages: faults}
	}
	s.occupy(z)
	return &sdk.ChangeResourceRecordSetsOutput{ChangeInfo: s.publish(z, records, in.ChangeBatch.Comment)}, nil
}

func (s *Service) checkHealthChecks(changes []types.Change) error {
	for _, c := range changes {
		if id := c.ResourceRecordSet.HealthCheckId; id != nil && s.checks[*id] == nil {
			return noSuchHealthCheck(*id)
		}
	}
	return nil
}

// occupy makes a zone refuse batches until it has processed the one just accepted. That is a short while only, not the time
// until the change is in sync.
func (s *Service) occupy(z *zone) {
	if s.options.Processing < 0 {
		return
	}
	z.busy = true
	s.account.After(s.options.Processing, func() { z.busy = false })
}

func errBusy() error {
	return wire.Errorf("PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.")
}

// publish makes records the zone's, at once for the API and one after the other for the name servers. The change is in sync
// when the last of them has learned of it.
func (s *Service) publish(z *zone, records *table, comment *string) *types.ChangeInfo {
	z.records = records
	z.number++
	number, view := z.number, z.newest()
	c := &change{waiting: NameServers, info: types.ChangeInfo{
		Id:          aws.String("/change/C" + strings.ToUpper(s.account.Hex(20))),
		Status:      types.ChangeStatusPending,
		SubmittedAt: aws.Time(s.account.Now()),
		Comment:     comment,
	}}
	s.changes[bareID(*c.info.Id)] = c
	info := c.info
	for server, delay := range s.options.Propagation {
		s.after(delay, func() {
			z.learn(server, number, view)
			if c.waiting--; c.waiting == 0 {
				c.info.Status = types.ChangeStatusInsync
				s.forgetDeleted()
			}
		})
	}
	return &info
}

func (s *Service) after(delay time.Duration, fn func()) {
	if delay < 0 {
		fn()
		return
	}
	s.account.After(delay, fn)
}

// forgetDeleted drops the zones that are deleted and that no name server serves any more.
func (s *Service) forgetDeleted() {
	s.served = slices.DeleteFunc(s.served, func(z *zone) bool {
		return z.deleted && !slices.ContainsFunc(z.views[:], func(v view) bool { return v.records != nil })
	})
}

// GetChange says whether all name servers have learned of a change.
func (s *Service) GetChange(_ context.Context, in *sdk.GetChangeInput) (*sdk.GetChangeOutput, error) {
	c := s.changes[bareID(aws.ToString(in.Id))]
	if c == nil {
		return nil, wire.Errorf("NoSuchChange", "Could not find resource with ID: %s", bareID(aws.ToString(in.Id))).WithStatus(404)
	}
	info := c.info
	return &sdk.GetChangeOutput{ChangeInfo: &info}, nil
}
