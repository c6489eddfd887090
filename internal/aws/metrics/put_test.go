package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bluegreen/internal/aws/awserr"
)

// taker takes what is put, until it refuses the call of a number.
type taker struct {
	api
	calls   []*cloudwatch.PutMetricDataInput
	refuses int
}

func (t *taker) PutMetricData(_ context.Context, in *cloudwatch.PutMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error) {
	t.calls = append(t.calls, in)
	if len(t.calls) == t.refuses {
		return nil, &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
	}
	return &cloudwatch.PutMetricDataOutput{}, nil
}

// sizes are how many values each call had.
func (t *taker) sizes() []int {
	var n []int
	for _, c := range t.calls {
		n = append(n, len(c.MetricData))
	}
	return n
}

func TestPut(t *testing.T) {
	api := &taker{}
	err := (&Client{api}).Put(t.Context(), "Bluegreen",
		Datum{Name: "Memory", Dimensions: map[string]string{"color": "blue", "app": "shop"}, Time: minute(1), Value: 5e8, Unit: Bytes},
		Datum{Name: "Healthy", Value: 1},
		Datum{Name: "CPU", Value: 7, Set: &Set{Count: 6, Sum: 90, Min: 5, Max: 30}, Unit: Percent},
	)
	want := []*cloudwatch.PutMetricDataInput{{Namespace: aws.String("Bluegreen"), MetricData: []types.MetricDatum{
		{
			MetricName: aws.String("Memory"), Value: aws.Float64(5e8), Unit: types.StandardUnitBytes, Timestamp: aws.Time(minute(1)),
			Dimensions: []types.Dimension{{Name: aws.String("app"), Value: aws.String("shop")}, {Name: aws.String("color"), Value: aws.String("blue")}},
		},
		{MetricName: aws.String("Healthy"), Value: aws.Float64(1)},
		{MetricName: aws.String("CPU"), Unit: types.StandardUnitPercent, StatisticValues: &types.StatisticSet{
			SampleCount: aws.Float64(6), Sum: aws.Float64(90), Minimum: aws.Float64(5), Maximum: aws.Float64(30)}},
	}}}
	unexported := cmpopts.IgnoreUnexported(cloudwatch.PutMetricDataInput{}, types.MetricDatum{}, types.Dimension{}, types.StatisticSet{})
	if diff := cmp.Diff(want, api.calls, unexported); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// large is as large as a value can be: 30 dimensions with names of 255 and values of 1024 bytes.
func large() Datum {
	d := Datum{Name: strings.Repeat("n", 255), Value: math.Pi, Time: minute(1), Unit: "Gigabytes/Second", Dimensions: map[string]string{}}
	for i := range 30 {
		d.Dimensions[fmt.Sprintf("%0255d", i)] = strings.Repeat("v", 1024)
	}
	return d
}

func TestPutInSeveralCalls(t *testing.T) {
	many := func(n int, d Datum) []Datum {
		data := make([]Datum, n)
		for i := range data {
			data[i] = d
		}
		return data
	}
	small := Datum{Name: "Memory", Dimensions: map[string]string{"app": "shop"}, Value: 1}
	huge := Datum{Name: strings.Repeat("n", 2*maxBytes)}
	for name, c := range map[string]struct {
		data []Datum
		want []int
	}{
		"none":           {nil, nil},
		"one":            {many(1, small), []int{1}},
		"all that fit":   {many(1000, small), []int{1000}},
		"one more":       {many(1001, small), []int{1000, 1}},
		"many":           {many(2500, small), []int{1000, 1000, 500}},
		"large ones":     {many(50, large()), []int{22, 22, 6}},
		"too large ones": {many(2, huge), []int{1, 1}}, // for CloudWatch to refuse
	} {
		api := &taker{}
		err := (&Client{api}).Put(t.Context(), "Bluegreen", c.data...)
		if diff := cmp.Diff(c.want, api.sizes()); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// What is counted as less than a megabyte is less on the wire.
func TestPutStaysBelowAMegabyte(t *testing.T) {
	wire := &transport{}
	client := New(aws.Config{
		Region: "eu-west-1", HTTPClient: &http.Client{Transport: wire}, DisableRequestCompression: true,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	})
	small := Datum{Name: "n", Value: math.Pi, Time: minute(1), Unit: Bytes, Dimensions: map[string]string{}}
	for i := range 30 {
		small.Dimensions[fmt.Sprint(i)] = "v"
	}
	set := small
	set.Set = &Set{math.Pi, math.Pi, math.Pi, math.Pi}
	bare := Datum{Name: "n", Set: set.Set}
	for _, d := range []Datum{large(), small, set, bare, {Name: "n", Value: -math.MaxFloat32, Time: minute(1), Unit: "Gigabytes/Second"}} {
		data := make([]Datum, maxData)
		for i := range data {
			data[i] = d
		}
		counted := 0
		for _, d := range data[:portion(data, 255)] {
			counted += d.size()
		}
		wire.largest = 0
		if err := client.Put(t.Context(), strings.Repeat("N", 255), data...); err == nil {
			t.Fatal("the transport answers nothing")
		}
		if wire.largest == 0 || wire.largest > 1_000_000 || wire.largest > counted+255 {
			t.Errorf("a call of %d bytes was counted as %d", wire.largest, counted)
		}
	}
}

// transport measures, and answers nothing.
type transport struct{ largest int }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	t.largest = max(t.largest, len(body))
	return nil, errors.New("measured")
}

func TestPutThatIsRefused(t *testing.T) {
	api := &taker{refuses: 2}
	err := (&Client{api}).Put(t.Context(), "Bluegreen", make([]Datum, 2500)...)
	if diff := cmp.Diff([]int{1000, 1000}, api.sizes()); diff != "" || !errors.Is(err, awserr.ErrDenied) ||
		err.Error() != "write 1000 metrics of Bluegreen: no (AccessDenied)" {
		t.Errorf("%v %s", err, diff)
	}
}

// A value that CloudWatch would refuse the whole call for is found before anything is sent.
func TestPutOfValuesThatAreNone(t *testing.T) {
	for value, text := range map[float64]string{
		math.NaN(): "NaN", math.Inf(1): "+Inf", math.Inf(-1): "-Inf", math.Ldexp(1, 361): "4.6970851655476665e+108", -math.Ldexp(1, 361): "-4.6970851655476665e+108",
	} {
		for _, bad := range []Datum{{Name: "Memory", Value: value}, {Name: "Memory", Set: &Set{Count: 1, Max: value}}} {
			api := &taker{}
			err := (&Client{api}).Put(t.Context(), "Bluegreen", Datum{Name: "Good"}, bad)
			if err == nil || err.Error() != "write metric Memory of Bluegreen: CloudWatch does not take the value "+text || len(api.calls) != 0 {
				t.Errorf("%v after %d calls", err, len(api.calls))
			}
		}
		if err := (&Client{&taker{}}).Put(t.Context(), "Bluegreen", Datum{Value: math.Ldexp(-1, 360)}, Datum{Value: math.SmallestNonzeroFloat64}); err != nil {
			t.Error(err)
		}
	}
}
