package route53

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Limits of one request. An UPSERT counts twice.
const (
	maxElements   = 1000
	maxCharacters = 32000
)

// fault is one message of an InvalidChangeBatch, in Route 53's words.
type fault string

func (f fault) Error() string { return string(f) }

func faultf(format string, args ...any) error { return fault(fmt.Sprintf(format, args...)) }

// draft is a zone's records while a batch is tried on them.
type draft struct {
	service *Service
	zone    *zone
	groups  map[group][]*record
	done    map[string][]types.ChangeAction // what the batch has done so far, by record
	put     []*record                       // what it created or overwrote, in order
}

// apply tries a batch, change by change in its own order, and returns the new records or a message for every faulty change.
func (s *Service) apply(z *zone, changes []types.Change) (*table, []string) {
	if err := checkLimits(changes); err != nil {
		return nil, []string{err.Error()}
	}
	d := &draft{service: s, zone: z, groups: z.records.draft(), done: map[string][]types.ChangeAction{}}
	var faults []string
	for _, c := range changes {
		if err := d.change(c.Action, *c.ResourceRecordSet); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if faults == nil {
		faults = d.checkWhole()
	}
	if faults != nil {
		return nil, faults
	}
	return newTable(z.name, d.groups), nil
}

func checkLimits(changes []types.Change) error {
	elements, characters := 0, 0
	for _, c := range changes {
		times := 1
		if c.Action == types.ChangeActionUpsert {
			times = 2
		}
		elements += times * max(1, len(c.ResourceRecordSet.ResourceRecords))
		for _, v := range c.ResourceRecordSet.ResourceRecords {
			characters += times * len(aws.ToString(v.Value))
		}
	}
	if elements > maxElements {
		return faultf("Number of records limit of %d exceeded.", maxElements)
	}
	if characters > maxCharacters {
		return faultf("RDATA character limit of %d exceeded.", maxCharacters)
	}
	return nil
}

// change tries one change.
func (d *draft) change(action types.ChangeAction, set types.ResourceRecordSet) error {
	r, err := newRecord(set)
	if err != nil {
		return err
	}
	if !within(r.name(), d.zone.name) {
		return faultf("RRSet with DNS name %s is not permitted in zone %s", r.name(), d.zone.name)
	}
	if err := d.checkRepeated(action, r); err != nil {
		return err
	}
	stored := d.find(r)
	switch {
	case action == types.ChangeActionDelete:
		return d.delete(r, stored)
	case action == types.ChangeActionCreate && stored != nil:
		return faultf("Tried to create resource record set %s but it already exists", r)
	}
	if err := d.checkRecord(r, stored); err != nil {
		return err
	}
	d.remove(stored)
	d.groups[r.group()] = append(slices.Clip(d.groups[r.group()]), r)
	d.put = append(d.put, r)
	return nil
}

// delete takes a record out even if its values do not match, so that the CREATE that replaces it is not blamed as well.
func (d *draft) delete(r, stored *record) error {
	if stored == nil {
		return faultf("Tried to delete resource record set %s but it was not found", r)
	}
	d.remove(stored)
	if !sameValues(r, stored) {
		return faultf("Tried to delete resource record set %s but the values provided do not match the current values", r)
	}
	return nil
}

// checkRepeated lets one batch touch a record once, or replace it by DELETE and then CREATE. A second DELETE finds nothing.
func (d *draft) checkRepeated(action types.ChangeAction, r *record) error {
	before := d.done[r.String()]
	d.done[r.String()] = append(before, action)
	replaces := len(before) == 1 && before[0] == types.ChangeActionDelete && action != types.ChangeActionUpsert
	if len(before) == 0 || replaces {
		return nil
	}
	return faultf("The request contains an invalid set of changes for a resource record set '%s %s'", r.set.Type, r.name())
}

// find is the record of the same name, type and identifier, or nil.
func (d *draft) find(r *record) *record {
	for _, stored := range d.groups[r.group()] {
		if stored.id() == r.id() {
			return stored
		}
	}
	return nil
}

func (d *draft) remove(stored *record) {
	if stored == nil {
		return
	}
	g := stored.group()
	var left []*record
	for _, r := range d.groups[g] {
		if r != stored {
			left = append(left, r)
		}
	}
	if left == nil {
		delete(d.groups, g)
		return
	}
	d.groups[g] = left
}
