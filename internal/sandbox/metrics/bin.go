package metrics

import "math"

// bin is all datapoints of one metric and unit in [at, at+width) seconds since 1970.
type bin struct {
	at, width       int64
	count, sum      float64
	lowest, highest float64
	opaque          bool // holds a statistic set of unknown values: no percentiles
	values          histogram
}

func (b *bin) addValue(v, count float64) {
	if count <= 0 {
		return
	}
	b.widen(v, v)
	b.count += count
	b.sum += v * count
	b.values.add(bucketOf(v), count)
}

// addSet adds a summary. Values can be told from it only if they are all equal.
func (b *bin) addSet(s Set) {
	if s.Count <= 0 {
		return
	}
	if s.Min == s.Max {
		b.values.add(bucketOf(s.Min), s.Count)
	} else {
		b.opaque = true
	}
	b.widen(s.Min, s.Max)
	b.count += s.Count
	b.sum += s.Sum
}

func (b *bin) merge(o *bin) {
	if o.count == 0 {
		return
	}
	b.widen(o.lowest, o.highest)
	b.count += o.count
	b.sum += o.sum
	b.opaque = b.opaque || o.opaque
	for _, bucket := range o.values {
		b.values.add(bucket.key, bucket.count)
	}
}

// widen must come before count changes: an empty bin has no extremes yet.
func (b *bin) widen(lowest, highest float64) {
	if b.count == 0 {
		b.lowest, b.highest = lowest, highest
		return
	}
	b.lowest = math.Min(b.lowest, lowest)
	b.highest = math.Max(b.highest, highest)
}

// percentile is the value that p percent of all values do not exceed, by nearest rank, within PercentileError of the exact
// one. Like CloudWatch it has no answer for negative values and for summaries.
func (b *bin) percentile(p float64) (float64, bool) {
	if b.opaque || b.lowest < 0 || b.count == 0 {
		return 0, false
	}
	rank := b.count * p / 100
	seen := 0.0
	for _, bucket := range b.values {
		seen += bucket.count
		// Percentages of counts are rarely exact in binary: 0.1 % of 1000 must be the first value, not the second.
		if seen >= rank*(1-1e-12) {
			return min(max(bucket.value(), b.lowest), b.highest), true
		}
	}
	return b.highest, true
}
