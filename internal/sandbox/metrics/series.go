package metrics

import (
	"slices"
	"time"
)

// series is one metric: its bins by unit, each list by time.
type series struct {
	metric Metric
	units  []unitBins
	fresh  int // bins added since the last compact
}

type unitBins struct {
	unit string
	bins []bin
}

// put merges add into the bin of its time.
func (m *series) put(add bin, unit string) {
	if unit == "" {
		unit = "None"
	}
	u := slices.IndexFunc(m.units, func(u unitBins) bool { return u.unit == unit })
	if u < 0 {
		m.units = append(m.units, unitBins{unit: unit})
		u = len(m.units) - 1
	}
	bins := &m.units[u].bins
	// Nearly everything belongs to the newest bin or after it.
	if last := len(*bins) - 1; last < 0 || (*bins)[last].at < add.at {
		*bins = append(*bins, add)
		m.fresh++
		return
	}
	i, found := slices.BinarySearchFunc(*bins, add.at, func(b bin, at int64) int { return int(b.at - at) })
	if !found {
		*bins = slices.Insert(*bins, i, add)
		m.fresh++
		return
	}
	(*bins)[i].width = max((*bins)[i].width, add.width)
	(*bins)[i].merge(&add)
}

// compact drops what is too old and turns fine bins into minutes once nobody may ask for them any more.
func (m *series) compact(now time.Time) {
	m.fresh = 0
	for u := range m.units {
		old := m.units[u].bins
		kept := make([]bin, 0, len(old))
		for i := range old {
			b, live := aged(old[i], now)
			if !live {
				continue
			}
			if last := len(kept) - 1; last >= 0 && kept[last].at == b.at {
				kept[last].merge(&b)
				continue
			}
			kept = append(kept, b)
		}
		if over := len(kept) - maxBins; over > 0 {
			kept = slices.Clone(kept[over:])
		}
		m.units[u].bins = kept
	}
}

// aged is a bin as it may be seen at a time: whole minutes when older than fineRetention, nothing when older than retention.
func aged(b bin, now time.Time) (bin, bool) {
	if b.at < now.Add(-retention).Unix() {
		return b, false
	}
	if b.width < 60 && b.at < floor(now.Add(-fineRetention).Unix(), 60) {
		b.at, b.width = floor(b.at, 60), 60
	}
	return b, true
}

// last is the start of the newest bin.
func (m *series) last() int64 {
	newest := int64(0)
	for _, u := range m.units {
		if n := len(u.bins); n > 0 {
			newest = max(newest, u.bins[n-1].at)
		}
	}
	return newest
}
