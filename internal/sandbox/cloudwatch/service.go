// Package cloudwatch is the sandbox's CloudWatch API over the datapoints of package metrics: putting, reading with metric
// math, listing. Alarms can be described but not made: nothing here evaluates them.
package cloudwatch

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"bluegreen/internal/sandbox/account"
	"bluegreen/internal/sandbox/metrics"
	"bluegreen/internal/sandbox/wire"
)

// Service is CloudWatch in one account. The account must be locked around its operations.
type Service struct {
	acct   *account.Account
	store  *metrics.Store
	alarms map[string]types.MetricAlarm // by name
}

// New makes the service over the datapoints of a store.
func New(acct *account.Account, store *metrics.Store) *Service {
	return &Service{acct: acct, store: store, alarms: map[string]types.MetricAlarm{}}
}

// API is the service on the wire.
func (s *Service) API() wire.Service {
	return wire.Service{
		SigningName: "monitoring",
		Version:     "2010-08-01",
		Namespace:   "http://monitoring.amazonaws.com/doc/2010-08-01/",
		Target:      "GraniteServiceVersion20100801",
		Protocols:   []wire.Protocol{wire.CBOR, wire.Query, wire.JSON},
		Operations: []wire.Operation{
			wire.Op("PutMetricData", s.putMetricData),
			wire.Op("GetMetricData", s.getMetricData),
			wire.Op("GetMetricStatistics", s.getMetricStatistics),
			wire.Op("ListMetrics", s.listMetrics),
			wire.Op("DescribeAlarms", s.describeAlarms),
			wire.Op("DescribeAlarmsForMetric", s.describeAlarmsForMetric),
		},
	}
}
