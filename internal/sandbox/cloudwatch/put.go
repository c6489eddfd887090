package cloudwatch

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/sandbox/metrics"
)

const (
	maxData   = 1000 // metrics in one request
	maxValues = 150  // values of one datum
	maxPast   = 14 * 24 * time.Hour
	maxFuture = 2 * time.Hour
)

// putMetricData stores all data of a request or, if any of it is invalid, none.
func (s *Service) putMetricData(_ context.Context, in *sdk.PutMetricDataInput) (*sdk.PutMetricDataOutput, error) {
	if err := checkName("Namespace", in.Namespace); err != nil {
		return nil, err
	}
	if strings.HasPrefix(*in.Namespace, "AWS/") {
		return nil, invalid("The value AWS/ for parameter Namespace is invalid.")
	}
	data := in.MetricData
	for _, e := range in.EntityMetricData {
		data = append(data[:len(data):len(data)], e.MetricData...)
	}
	if len(data) == 0 {
		return nil, missing("MetricData")
	}
	if len(data) > maxData {
		return nil, invalid("The collection MetricData must not have a size greater than %d.", maxData)
	}
	type entry struct {
		dims  map[string]string
		datum metrics.Datum
	}
	entries := make([]entry, len(data))
	for i := range data {
		dims, datum, err := s.datum(fmt.Sprintf("MetricData.member.%d", i+1), &data[i])
		if err != nil {
			return nil, err
		}
		entries[i] = entry{dims, datum}
	}
	for i, e := range entries {
		s.store.RecordDatum(*in.Namespace, *data[i].MetricName, e.dims, e.datum)
	}
	return &sdk.PutMetricDataOutput{}, nil
}

// datum checks one datum and turns it into the store's words. at names it in messages.
func (s *Service) datum(at string, d *types.MetricDatum) (map[string]string, metrics.Datum, error) {
	none := metrics.Datum{}
	if err := checkName(at+".MetricName", d.MetricName); err != nil {
		return nil, none, err
	}
	dims, err := dimensions(at+".Dimensions", d.Dimensions)
	if err != nil {
		return nil, none, err
	}
	if err := checkUnit(at+".Unit", d.Unit); err != nil {
		return nil, none, err
	}
	datum := metrics.Datum{At: s.acct.Now(), Unit: string(d.Unit)}
	if d.Timestamp != nil {
		datum.At = *d.Timestamp
	}
	switch age := s.acct.Now().Sub(datum.At); {
	case age > maxPast:
		return nil, none, invalid("The parameter %s.Timestamp must specify a time no more than two weeks in the past.", at)
	case age < -maxFuture:
		return nil, none, invalid("The parameter %s.Timestamp must specify a time no more than two hours in the future.", at)
	}
	switch resolution := aws.ToInt32(d.StorageResolution); {
	case d.StorageResolution == nil || resolution == 60:
	case resolution == 1:
		datum.Resolution = time.Second
	default:
		return nil, none, invalid("The value %d for parameter %s.StorageResolution is invalid: it is 1 or 60.", resolution, at)
	}
	if err := values(at, d, &datum); err != nil {
		return nil, none, err
	}
	return dims, datum, nil
}

// values fills in what was measured: exactly one of Value, Values and StatisticValues.
func values(at string, d *types.MetricDatum, datum *metrics.Datum) error {
	given := 0
	for _, g := range []bool{d.Value != nil, len(d.Values) > 0, d.StatisticValues != nil} {
		if g {
			given++
		}
	}
	switch {
	case given == 0:
		return missing(at + ".Value, Values or StatisticValues")
	case given > 1:
		return combination("The parameters %s.Value, %s.Values and %s.StatisticValues are mutually exclusive.", at, at, at)
	case len(d.Counts) > 0 && len(d.Counts) != len(d.Values):
		return combination("The parameters %s.Values and %s.Counts must have the same size.", at, at)
	case len(d.Values) > maxValues:
		return invalid("The collection %s.Values must not have a size greater than %d.", at, maxValues)
	}
	for i, v := range d.Values {
		if err := checkNumber(fmt.Sprintf("%s.Values.member.%d", at, i+1), v); err != nil {
			return err
		}
	}
	for i, n := range d.Counts {
		if parameter := fmt.Sprintf("%s.Counts.member.%d", at, i+1); n < 0 {
			return invalid("The value %v for parameter %s is invalid: it must not be negative.", n, parameter)
		} else if err := checkNumber(parameter, n); err != nil {
			return err
		}
	}
	datum.Values = d.Values
	if len(d.Counts) > 0 {
		datum.Counts = d.Counts
	}
	if d.Value != nil {
		datum.Values = []float64{*d.Value}
		return checkNumber(at+".Value", *d.Value)
	}
	if d.StatisticValues != nil {
		set, err := statisticSet(at+".StatisticValues", d.StatisticValues)
		datum.Set = set
		return err
	}
	return nil
}

func statisticSet(at string, set *types.StatisticSet) (*metrics.Set, error) {
	for _, v := range []struct {
		name  string
		value *float64
	}{
		{"SampleCount", set.SampleCount}, {"Sum", set.Sum}, {"Minimum", set.Minimum}, {"Maximum", set.Maximum},
	} {
		if v.value == nil {
			return nil, missing(at + "." + v.name)
		}
		if err := checkNumber(at+"."+v.name, *v.value); err != nil {
			return nil, err
		}
	}
	switch {
	case *set.SampleCount < 0:
		return nil, invalid("The value %v for parameter %s.SampleCount is invalid: it must not be negative.", *set.SampleCount, at)
	case *set.Maximum < *set.Minimum:
		return nil, invalid("The parameter %s.Maximum must be no smaller than %s.Minimum.", at, at)
	}
	return &metrics.Set{Count: *set.SampleCount, Sum: *set.Sum, Min: *set.Minimum, Max: *set.Maximum}, nil
}

// checkNumber refuses what CloudWatch cannot store: NaN, infinities and anything beyond 2^360.
func checkNumber(parameter string, v float64) error {
	if math.IsNaN(v) || math.Abs(v) > math.Ldexp(1, 360) {
		return invalid("The value %v for parameter %s is invalid.", v, parameter)
	}
	return nil
}
