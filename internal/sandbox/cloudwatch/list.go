package cloudwatch

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/sandbox/metrics"
	"bluegreen/internal/sandbox/wire"
)

const (
	listPage = 500
	// listed is how long a metric without new datapoints stays in the list.
	listed = 14 * 24 * time.Hour
	// recently is what PT3H means, with the grace that CloudWatch gives.
	recently = 3*time.Hour + 50*time.Minute
)

func (s *Service) listMetrics(_ context.Context, in *sdk.ListMetricsInput) (*sdk.ListMetricsOutput, error) {
	since := s.acct.Now().Add(-listed)
	switch in.RecentlyActive {
	case "":
	case types.RecentlyActivePt3h:
		since = s.acct.Now().Add(-recently)
	default:
		return nil, invalid("The value %s for parameter RecentlyActive is invalid: it is PT3H.", in.RecentlyActive)
	}
	for _, f := range in.Dimensions {
		if aws.ToString(f.Name) == "" {
			return nil, missing("Dimensions.Name")
		}
	}
	after, err := decodeToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListMetricsOutput{Metrics: []types.Metric{}}
	last := ""
	for _, m := range s.store.List() {
		key := m.Key()
		if key <= after || m.Last.Before(since) || !listedBy(in, &m) {
			continue
		}
		if len(out.Metrics) == listPage {
			out.NextToken = encodeToken(last)
			break
		}
		out.Metrics = append(out.Metrics, types.Metric{
			Namespace: &m.Namespace, MetricName: &m.Name, Dimensions: sdkDimensions(m.Dimensions),
		})
		last = key
	}
	return out, nil
}

func listedBy(in *sdk.ListMetricsInput, m *metrics.Metric) bool {
	if in.Namespace != nil && *in.Namespace != m.Namespace || in.MetricName != nil && *in.MetricName != m.Name {
		return false
	}
	for _, f := range in.Dimensions {
		value, has := m.Dimensions[*f.Name]
		if !has || f.Value != nil && *f.Value != value {
			return false
		}
	}
	return true
}

func sdkDimensions(dims map[string]string) []types.Dimension {
	list := make([]types.Dimension, 0, len(dims))
	for _, name := range slices.Sorted(maps.Keys(dims)) {
		list = append(list, types.Dimension{Name: aws.String(name), Value: aws.String(dims[name])})
	}
	return list
}

// Tokens say after what to go on, so that what is added meanwhile moves no page.

func encodeToken(after string) *string {
	return aws.String(base64.RawURLEncoding.EncodeToString([]byte(after)))
}

func decodeToken(token *string) (after string, err error) {
	if token == nil {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil || len(b) == 0 {
		return "", wire.Errorf("InvalidNextToken", "The value %s for parameter NextToken is invalid.", *token)
	}
	return string(b), nil
}
