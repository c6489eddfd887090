package bluegreen_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// zoneModel plays the batches of a ledger back, one after the other, to tell what was overwritten by whom.
type zoneModel struct {
	now    map[string]string            // what stands in the zone, by name, type and set identifier
	writer map[string]string            // who wrote it
	seen   map[string]map[string]string // what each process was told by its newest listing
	keys   []string                     // each name and type of the app
	epochs map[int64]string             // the process that wrote under each epoch
	epoch  int64
	faults []string
}

// recordKey tells a record from all others.
func recordKey(r r53types.ResourceRecordSet) string {
	return fmt.Sprintf("%s %s %s", *r.Name, r.Type, aws.ToString(r.SetIdentifier))
}

// recordValue is all else of it.
func recordValue(r r53types.ResourceRecordSet) string {
	if len(r.ResourceRecords) > 0 {
		return aws.ToString(r.ResourceRecords[0].Value)
	}
	return recordLine(r)
}

func newZoneModel(records []r53types.ResourceRecordSet) *zoneModel {
	m := &zoneModel{now: map[string]string{}, writer: map[string]string{}, seen: map[string]map[string]string{}, epochs: map[int64]string{}}
	for _, r := range records {
		m.now[recordKey(r)] = recordValue(r)
		if key := *r.Name + " " + string(r.Type); r.Weight != nil && !slices.Contains(m.keys, key) {
			m.keys = append(m.keys, key)
		}
	}
	return m
}

// play takes one call.
func (m *zoneModel) play(e entry) {
	switch in := e.Input.(type) {
	case *route53.ListResourceRecordSetsInput:
		m.seen[e.process] = maps.Clone(m.now)
	case *route53.ChangeResourceRecordSetsInput:
		if e.process != byHand {
			m.judge(e, in.ChangeBatch.Changes)
		}
		for _, c := range in.ChangeBatch.Changes {
			key := recordKey(*c.ResourceRecordSet)
			delete(m.now, key)
			m.writer[key] = e.process
			if c.Action != r53types.ChangeActionDelete {
				m.now[key] = recordValue(*c.ResourceRecordSet)
			}
		}
		if e.process != byHand {
			m.weigh(e)
		}
	}
}

// judge looks at a batch of ours before it has its effect.
func (m *zoneModel) judge(e entry, changes []r53types.Change) {
	for _, c := range changes {
		key := recordKey(*c.ResourceRecordSet)
		if c.Action == r53types.ChangeActionUpsert {
			m.fault("call %d: %s upserts %s", e.Seq, e.process, key)
		}
		if m.seen[e.process][key] != m.now[key] {
			m.fault("call %d: %s overwrites %s, which %s wrote, without having read it", e.Seq, e.process, key, m.writer[key])
		}
	}
	f, ok := e.fence()
	if !ok {
		m.fault("call %d: %s sends a batch without a fence", e.Seq, e.process)
		return
	}
	if owner, taken := m.epochs[f.Epoch]; taken && owner != e.process {
		m.fault("call %d: epoch %d belongs to %s, and %s writes under it", e.Seq, f.Epoch, owner, e.process)
	}
	if f.Epoch < m.epoch {
		m.fault("call %d: %s goes back from epoch %d to %d", e.Seq, e.process, m.epoch, f.Epoch)
	}
	m.epochs[f.Epoch], m.epoch = e.process, f.Epoch
}

// weigh checks that each name still has a record with weight.
func (m *zoneModel) weigh(e entry) {
	for _, key := range m.keys {
		has := false
		for k, value := range m.now {
			has = has || strings.HasPrefix(k, key+" ") && !strings.Contains(value, " 0 → ")
		}
		if !has {
			m.fault("call %d: %s leaves %s without weight", e.Seq, e.process, key)
		}
	}
}

func (m *zoneModel) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}
