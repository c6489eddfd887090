package cloudwatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/sandbox/metrics"
)

func TestListMetrics(t *testing.T) {
	filter := func(name string, value *string) []types.DimensionFilter {
		return []types.DimensionFilter{{Name: &name, Value: value}}
	}
	for _, c := range []struct {
		name string
		in   sdk.ListMetricsInput
		want []string
	}{
		{"all", sdk.ListMetricsInput{}, []string{"AWS/ApplicationELB RequestCount LoadBalancer=app/blue/1", "AWS/ApplicationELB RequestCount LoadBalancer=app/green/2 TargetGroup=tg", "app jobs", "app old"}},
		{"by namespace", sdk.ListMetricsInput{Namespace: aws.String("app")}, []string{"app jobs", "app old"}},
		{"by name", sdk.ListMetricsInput{MetricName: aws.String("jobs")}, []string{"app jobs"}},
		{"by dimension", sdk.ListMetricsInput{Dimensions: filter("TargetGroup", nil)}, []string{"AWS/ApplicationELB RequestCount LoadBalancer=app/green/2 TargetGroup=tg"}},
		{"by dimension and value", sdk.ListMetricsInput{Dimensions: filter("LoadBalancer", aws.String("app/blue/1"))}, []string{"AWS/ApplicationELB RequestCount LoadBalancer=app/blue/1"}},
		{"by another value", sdk.ListMetricsInput{Dimensions: filter("LoadBalancer", aws.String("app/red/3"))}, nil},
		{"recently active", sdk.ListMetricsInput{RecentlyActive: types.RecentlyActivePt3h, Namespace: aws.String("app")}, []string{"app jobs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				b.store.Record("app", "ancient", nil, b.at(0).Add(-15*24*time.Hour), 1)
				b.store.Record("app", "old", nil, b.at(0).Add(-5*time.Hour), 1)
				b.store.Record("app", "jobs", nil, b.at(0), 1)
				b.store.Record(namespace, "RequestCount", blue, b.at(0), 1)
				b.store.Record(namespace, "RequestCount", map[string]string{"TargetGroup": "tg", "LoadBalancer": "app/green/2"}, b.at(0), 1)
				out, err := b.listMetrics(t.Context(), &c.in)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, m := range out.Metrics {
					line := *m.Namespace + " " + *m.MetricName
					for _, d := range m.Dimensions {
						line += " " + *d.Name + "=" + *d.Value
					}
					got = append(got, line)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestListMetricsPages(t *testing.T) {
	inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
		for i := range 2*listPage + 1 {
			b.store.Record("app", fmt.Sprintf("m%04d", i), nil, b.at(0), 1)
		}
		in := &sdk.ListMetricsInput{}
		var pages []int
		seen := map[string]bool{}
		for {
			out, err := b.listMetrics(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, len(out.Metrics))
			for _, m := range out.Metrics {
				seen[*m.MetricName] = true
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		if diff := cmp.Diff([]int{500, 500, 1}, pages); diff != "" || len(seen) != 1001 {
			t.Errorf("%d metrics, pages: %s", len(seen), diff)
		}
	})
}

func TestListMetricsRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		in   sdk.ListMetricsInput
		want string
	}{
		{"a token of nobody", sdk.ListMetricsInput{NextToken: aws.String("%")}, "InvalidNextToken"},
		{"active recently otherwise", sdk.ListMetricsInput{RecentlyActive: "PT4H"}, "InvalidParameterValue"},
		{"a nameless dimension", sdk.ListMetricsInput{Dimensions: make([]types.DimensionFilter, 1)}, "MissingParameter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, metrics.Options{}, func(t *testing.T, b *bench) {
				_, err := b.listMetrics(t.Context(), &c.in)
				if got := code(t, err); got != c.want {
					t.Errorf("got %v, want code %q", err, c.want)
				}
			})
		})
	}
}
