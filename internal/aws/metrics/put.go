package metrics

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/aws/awserr"
)

// Datum is one value of one metric.
type Datum struct {
	Name       string
	Dimensions map[string]string // 30 at most
	Time       time.Time         // when CloudWatch gets it, when zero; up to two weeks ago, or two hours ahead
	Value      float64           // none of the special ones, and within ±2³⁶⁰
	Set        *Set              // what many values come to, in place of Value
	Unit       Unit
}

// Set is a summary of values. CloudWatch has no percentiles of them, and all else as if it had got each one.
type Set struct {
	Count         float64
	Sum, Min, Max float64
}

// Unit is what a value counts.
type Unit string

// Units that are in use here; CloudWatch has more. The zero one is None.
const (
	Count   Unit = "Count"
	Bytes   Unit = "Bytes"
	Percent Unit = "Percent"
	Seconds Unit = "Seconds"
)

// What one call takes: 1000 values, and a megabyte. The latter is counted by an upper bound, so there is no need to come close.
const (
	maxData  = 1000
	maxBytes = 900_000
)

// Put writes values into a namespace, in as many calls as it takes. If one of them fails, those before it have been written, and
// a call whose answer was lost is made again: CloudWatch may count values twice, which matters to sums, not to the latest value.
func (c *Client) Put(ctx context.Context, namespace string, data ...Datum) error {
	for _, d := range data {
		for _, value := range d.values() {
			if limit := math.Ldexp(1, 360); !(math.Abs(value) <= limit) { // and NaN is not
				return fmt.Errorf("write metric %s of %s: CloudWatch does not take the value %v", d.Name, namespace, value)
			}
		}
	}
	for len(data) > 0 {
		n := portion(data, len(namespace))
		in := &cloudwatch.PutMetricDataInput{Namespace: &namespace}
		for _, d := range data[:n] {
			in.MetricData = append(in.MetricData, d.toSDK())
		}
		if _, err := c.api.PutMetricData(ctx, in); err != nil {
			return awserr.Wrap(err, "write %d metrics of %s", n, namespace)
		}
		data = data[n:]
	}
	return nil
}

// portion is how many of the next values go into one call: one at least.
func portion(data []Datum, bytes int) int {
	for i, d := range data {
		bytes += d.size()
		if i == maxData || i > 0 && bytes > maxBytes {
			return i
		}
	}
	return len(data)
}

// size is more than the bytes that a value has on the wire: its texts, and for the names of the members, the numbers and the
// lengths what no encoding of CBOR exceeds.
func (d Datum) size() int {
	const datum, set, dimension = 120, 90, 40
	n := datum + len(d.Name) + len(d.Unit)
	if d.Set != nil {
		n += set
	}
	for name, value := range d.Dimensions {
		n += dimension + len(name) + len(value)
	}
	return n
}

// values are the numbers of a datum.
func (d Datum) values() []float64 {
	if d.Set != nil {
		return []float64{d.Set.Count, d.Set.Sum, d.Set.Min, d.Set.Max}
	}
	return []float64{d.Value}
}

func (d Datum) toSDK() types.MetricDatum {
	s := types.MetricDatum{MetricName: &d.Name, Unit: types.StandardUnit(d.Unit)}
	if d.Set != nil {
		s.StatisticValues = &types.StatisticSet{SampleCount: &d.Set.Count, Sum: &d.Set.Sum, Minimum: &d.Set.Min, Maximum: &d.Set.Max}
	} else {
		s.Value = &d.Value
	}
	if !d.Time.IsZero() {
		s.Timestamp = &d.Time
	}
	for _, name := range slices.Sorted(maps.Keys(d.Dimensions)) {
		s.Dimensions = append(s.Dimensions, types.Dimension{Name: aws.String(name), Value: aws.String(d.Dimensions[name])})
	}
	return s
}
