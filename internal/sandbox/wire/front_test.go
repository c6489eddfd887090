package wire_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"bluegreen/internal/sandbox/wire"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/google/go-cmp/cmp"
)

func TestQueryByGet(t *testing.T) {
	front := answering(func() error { return nil })
	request := raw{method: "GET", path: "/?Action=GetCallerIdentity&Version=2011-06-15" +
		"&X-Amz-Credential=AKID%2F20260131%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Signature=0"}
	if w := request.send(front); w.Code != 200 || !strings.Contains(w.Body.String(), "<GetCallerIdentityResult>") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// Versions tell services apart that sign alike, as the two load balancing APIs do.
func TestServicesThatSignAlike(t *testing.T) {
	var got []string
	service := func(version string) wire.Service {
		s := elbv2Service
		s.Version = version
		s.Operations = []wire.Operation{
			toy[route53.GetChangeInput, route53.GetChangeOutput]("DescribeLoadBalancers", func() error {
				got = append(got, version)
				return nil
			}),
		}
		return s
	}
	front := wire.NewFront(&sync.Mutex{}, service("2012-06-01"), service("2015-12-01"))
	for _, version := range []string{"2015-12-01", "2012-06-01", "2015-12-01"} {
		form("elasticloadbalancing", "Action", "DescribeLoadBalancers", "Version", version).send(front)
	}
	if d := cmp.Diff([]string{"2015-12-01", "2012-06-01", "2015-12-01"}, got); d != "" {
		t.Error(d)
	}
}

func TestIdentifiersOfRoute53(t *testing.T) {
	var got string
	zones := route53Service
	zones.Operations = []wire.Operation{
		wire.Op("GetHostedZone", func(_ context.Context, in *route53.GetHostedZoneInput) (*route53.GetHostedZoneOutput, error) {
			got = "zone " + *in.Id
			return &route53.GetHostedZoneOutput{}, nil
		}),
		wire.Op("GetChange", func(_ context.Context, in *route53.GetChangeInput) (*route53.GetChangeOutput, error) {
			got = "change " + *in.Id
			return &route53.GetChangeOutput{}, nil
		}),
		wire.Op("ListResourceRecordSets",
			func(_ context.Context, in *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
				got = "records of " + *in.HostedZoneId + " from " + aws.ToString(in.StartRecordName)
				return &route53.ListResourceRecordSetsOutput{}, nil
			}),
		wire.Op("ListHostedZonesByName",
			func(_ context.Context, in *route53.ListHostedZonesByNameInput) (*route53.ListHostedZonesByNameOutput, error) {
				got = "zones from " + aws.ToString(in.HostedZoneId)
				return &route53.ListHostedZonesByNameOutput{}, nil
			}),
	}
	front := wire.NewFront(&sync.Mutex{}, zones)
	for path, want := range map[string]string{
		"hostedzone/Z1":                                 "zone Z1",
		"hostedzone/Z1/":                                "zone Z1",
		"hostedzone//hostedzone/Z1":                     "zone Z1",
		"hostedzone/%2Fhostedzone%2FZ1":                 "zone Z1",
		"hostedzone/a%20b":                              "zone a b",
		"change/C1":                                     "change C1",
		"change//change/C1":                             "change C1",
		"change/%2Fchange%2FC1":                         "change C1",
		"hostedzone/Z1/rrset":                           "records of Z1 from ",
		"hostedzone/Z1/rrset/?name=%5C052.x.":           `records of Z1 from \052.x.`,
		"hostedzone//hostedzone/Z1/rrset?name=a":        "records of Z1 from a",
		"hostedzonesbyname?hostedzoneid=Z1":             "zones from Z1",
		"hostedzonesbyname?hostedzoneid=/hostedzone/Z1": "zones from Z1",
	} {
		t.Run(path, func(t *testing.T) {
			got = ""
			w := raw{service: "route53", method: "GET", path: "/2013-04-01/" + path}.send(front)
			if w.Code != 200 || got != want {
				t.Errorf("got %q, want %q; status %d\n%s", got, want, w.Code, w.Body)
			}
		})
	}
}

// The SDK compresses large PutMetricData requests.
func TestGzip(t *testing.T) {
	var got int
	metrics := cloudwatchService
	metrics.Operations = []wire.Operation{
		wire.Op("PutMetricData", func(_ context.Context, in *cloudwatch.PutMetricDataInput) (*cloudwatch.PutMetricDataOutput, error) {
			got = len(in.MetricData)
			return &cloudwatch.PutMetricDataOutput{}, nil
		}),
	}
	front := wire.NewFront(&sync.Mutex{}, metrics)
	compressed := false
	config := inMemory(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		compressed = r.Header.Get("Content-Encoding") == "gzip"
		front.ServeHTTP(w, r)
	}))
	in := &cloudwatch.PutMetricDataInput{Namespace: aws.String("n")}
	for range 1000 {
		in.MetricData = append(in.MetricData, cloudwatchtypes.MetricDatum{MetricName: aws.String("a metric"), Value: aws.Float64(1)})
	}
	if _, err := cloudwatch.NewFromConfig(config).PutMetricData(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if got != 1000 || !compressed {
		t.Errorf("%d data, compressed %v", got, compressed)
	}
}

// A body that is small on the wire and huge in memory is refused.
func TestGzipBomb(t *testing.T) {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	_, _ = io.Copy(zip, io.LimitReader(strings.NewReader(strings.Repeat("a", 64<<20)), 64<<20))
	_ = zip.Close()
	bomb := form("ec2")
	bomb.header["Content-Encoding"], bomb.body = "gzip", b.String()
	if w := bomb.send(answering(func() error { return nil })); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", w.Code)
	}
}

func TestPanicsBecomeErrors(t *testing.T) {
	var log bytes.Buffer
	var lock sync.Mutex
	s := ec2Service
	s.Operations = []wire.Operation{
		wire.Op("DescribeVpcs", func(context.Context, *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
			panic("out of cheese")
		}),
	}
	front := wire.NewFront(&lock, s)
	front.Logger = slog.New(slog.NewTextHandler(&log, nil))
	got := look(describeVpcs(t.Context(), once(inMemory(front))))
	want := seen{"InternalFailure", "the operation panicked: out of cheese", "*smithy.GenericAPIError", 500, true}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !strings.Contains(log.String(), "out of cheese") {
		t.Errorf("the log is %q", &log)
	}
	if !lock.TryLock() {
		t.Error("the account is still locked")
	}
}

// An empty string is not the same as none, nor an empty list.
func TestEmptyIsNotAbsent(t *testing.T) {
	type input = ec2.DescribeVpcsInput
	var arrived *input
	sent := &ec2.DescribeVpcsOutput{NextToken: aws.String(""), Vpcs: []ec2types.Vpc{{VpcId: aws.String(""), Tags: []ec2types.Tag{}}}}
	s := ec2Service
	s.Operations = []wire.Operation{
		wire.Op("DescribeVpcs", func(_ context.Context, in *input) (*ec2.DescribeVpcsOutput, error) {
			arrived = in
			return sent, nil
		}),
	}
	in := &input{VpcIds: []string{""}, NextToken: aws.String("")}
	got, err := ec2.NewFromConfig(inMemory(wire.NewFront(&sync.Mutex{}, s))).DescribeVpcs(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff(in, arrived); d != "" {
		t.Errorf("the request changed on its way (-sent +arrived):\n%s", d)
	}
	if d := diff(sent, got); d != "" {
		t.Errorf("the reply changed on its way (-sent +arrived):\n%s", d)
	}
}

// EC2 says true where there is nothing to say, and only there.
func TestEC2Return(t *testing.T) {
	s := ec2Service
	s.Operations = []wire.Operation{
		toy[ec2.DeleteTagsInput, ec2.DeleteTagsOutput]("DeleteTags", func() error { return nil }),
		toy[ec2.DescribeVpcsInput, ec2.DescribeVpcsOutput]("DescribeVpcs", func() error { return nil }),
	}
	front := wire.NewFront(&sync.Mutex{}, s)
	for operation, want := range map[string]bool{"DeleteTags": true, "DescribeVpcs": false} {
		body := form("ec2", "Action", operation, "Version", "2016-11-15").send(front).Body.String()
		if got := strings.Contains(body, "<return>true</return>"); got != want {
			t.Errorf("%s: %s", operation, body)
		}
	}
}

// Knobs are turned and the log is read while calls run; the account's lock keeps operations one at a time.
func TestConcurrentUse(t *testing.T) {
	effects := 0 // guarded by the account's lock
	front := answering(func() error { effects++; return nil })
	config := inMemory(front)
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			for range 20 {
				if err := getHostedZone(t.Context(), config); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 100 {
		front.Faults.Add(wire.Fault{Service: "ec2", Action: wire.ActionThrottle})
		front.Latency.Set("ec2", "", 1)
		stop := front.Calls.Observe(func(wire.Call) {})
		_, _ = front.Calls.Since(0), front.Faults.List()
		stop()
		front.Faults.Clear()
	}
	calls.Wait()
	if effects != 160 || front.Calls.Count() != 160 {
		t.Errorf("%d effects, %d logged", effects, front.Calls.Count())
	}
}

// TestRegion checks that an operation knows what region its request was signed for.
func TestRegion(t *testing.T) {
	var region string
	s := ec2Service
	s.Operations = []wire.Operation{
		wire.Op("DescribeVpcs", func(ctx context.Context, _ *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
			region = wire.Region(ctx)
			return &ec2.DescribeVpcsOutput{}, nil
		}),
	}
	c := ec2.NewFromConfig(inMemory(wire.NewFront(&sync.Mutex{}, s)), func(o *ec2.Options) { o.Region = "ap-south-1" })
	if _, err := c.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); err != nil || region != "ap-south-1" {
		t.Errorf("region %q, error %v", region, err)
	}
	if region := wire.Region(t.Context()); region != "" {
		t.Errorf("region %q of no request", region)
	}
}
