package metrics

import (
	"maps"
	"slices"
	"time"
)

// Point is a statistic of the datapoints in one period, which starts at At.
type Point struct {
	At    time.Time
	Value float64
}

// Row is all statistics of the datapoints of one unit in one period, which starts at At.
type Row struct {
	At   time.Time
	Unit string
	bin  bin
}

// Value is one statistic of a row. There is none if it is a percentile and the values are negative or not known.
func (r *Row) Value(stat Stat) (float64, bool) { return stat.of(&r.bin) }

// Query is a statistic of one metric, a point for each period in which it has datapoints, oldest first.
//
// Periods are counted from start, which is rounded down to a whole minute, or to a whole period if that is shorter; end is
// exclusive. A period shorter than the store's resolution gives the points that the resolution has. The dimensions must be
// exactly those that were recorded.
func (s *Store) Query(namespace, name string, dims map[string]string, start, end time.Time, period time.Duration, stat Stat) []Point {
	var points []Point
	for _, row := range s.Rows(namespace, name, dims, start, end, period, "") {
		if v, ok := row.Value(stat); ok {
			points = append(points, Point{row.At, v})
		}
	}
	return points
}

// Rows is like Query with all statistics at once. With a unit it is of the datapoints in that unit alone; without, those
// of all units are put together, and a row's Unit is the first that the metric had.
func (s *Store) Rows(namespace, name string, dims map[string]string, start, end time.Time, period time.Duration, unit string) []Row {
	period = max(period.Truncate(time.Second), time.Second)
	width := int64(period / time.Second)
	origin := floor(start.Unix(), min(width, 60))

	s.mu.Lock()
	defer s.mu.Unlock()
	m, known := s.series[seriesKey(namespace, name, dims)]
	if !known {
		return nil
	}
	now := s.now()
	rows := map[int64]*Row{}
	for _, u := range m.units {
		if unit != "" && u.unit != unit {
			continue
		}
		first, _ := slices.BinarySearchFunc(u.bins, origin, func(b bin, at int64) int { return int(b.at - at) })
		for i := first; i < len(u.bins); i++ {
			b, live := aged(u.bins[i], now)
			if !live || b.at < origin || !s.visible(&b, now) {
				continue
			}
			if !time.Unix(b.at, 0).Before(end) {
				break
			}
			at := origin + floor(b.at-origin, width)
			row, begun := rows[at]
			if !begun {
				row = &Row{At: time.Unix(at, 0).UTC(), Unit: u.unit}
				rows[at] = row
			}
			row.bin.merge(&b)
		}
	}
	sorted := make([]Row, 0, len(rows))
	for _, at := range slices.Sorted(maps.Keys(rows)) {
		sorted = append(sorted, *rows[at])
	}
	return sorted
}

// visible says whether CloudWatch would have a bin already.
func (s *Store) visible(b *bin, now time.Time) bool {
	return s.delay <= 0 || !now.Before(time.Unix(b.at+b.width, 0).Add(s.delay))
}
