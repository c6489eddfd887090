package metrics

import (
	"math"
	"slices"
)

// growth is the ratio of neighbouring bucket bounds.
const growth = 1.05

// PercentileError bounds how far a percentile may be from the exact one, relative to it.
const PercentileError = (growth - 1) / (growth + 1)

var logGrowth = math.Log(growth)

// histogram is the buckets that are in use, by rising value. A count of requests needs one bucket, a second of response
// times a few dozen.
type histogram []bucket

// bucket counts the values in (growth^(key-1), growth^key].
type bucket struct {
	key   int
	count float64
}

// Keys for what has no logarithm. Below zero no percentile is ever read, so one bucket does for all of it.
const (
	negativeKey = math.MinInt
	zeroKey     = math.MinInt + 1
)

func bucketOf(v float64) int {
	switch {
	case v < 0:
		return negativeKey
	case v == 0:
		return zeroKey
	}
	return int(math.Ceil(math.Log(v) / logGrowth))
}

// value is the point of a bucket that is equally far, relatively, from both bounds.
func (b bucket) value() float64 {
	if b.key == zeroKey {
		return 0
	}
	return math.Pow(growth, float64(b.key)) * 2 / (1 + growth)
}

func (h *histogram) add(key int, count float64) {
	i, found := slices.BinarySearchFunc(*h, key, func(b bucket, key int) int {
		switch {
		case b.key < key:
			return -1
		case b.key > key:
			return 1
		}
		return 0
	})
	if found {
		(*h)[i].count += count
		return
	}
	*h = slices.Insert(*h, i, bucket{key, count})
}
