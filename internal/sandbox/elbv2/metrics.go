package elbv2

import (
	"fmt"
	"net/http"
	"time"

	"bluegreen/internal/sandbox/proxy"
)

// namespace of the metrics of application load balancers.
const namespace = "AWS/ApplicationELB"

// record puts a value of lb on record, and beside it of a group when there is one.
func (s *Service) record(lb *loadBalancer, g *targetGroup, metric string, value float64) {
	if s.Metrics == nil {
		return
	}
	now := s.Account.Now()
	balancer := s.dimension(lb.arn)
	s.Metrics.Record(namespace, metric, map[string]string{"LoadBalancer": balancer}, now, value)
	if g != nil {
		s.Metrics.Record(namespace, metric, map[string]string{"LoadBalancer": balancer, "TargetGroup": s.dimension(g.arn)}, now, value)
	}
}

// recordGroup puts a value on record that exists per target group only.
func (s *Service) recordGroup(lb *loadBalancer, g *targetGroup, metric string, value float64, alone bool) {
	if s.Metrics == nil {
		return
	}
	now := s.Account.Now()
	group := s.dimension(g.arn)
	s.Metrics.Record(namespace, metric, map[string]string{"LoadBalancer": s.dimension(lb.arn), "TargetGroup": group}, now, value)
	if alone {
		s.Metrics.Record(namespace, metric, map[string]string{"TargetGroup": group}, now, value)
	}
}

// count puts a request on record. As on AWS, RequestCount has those for which a target was chosen, whatever became of them.
func (s *Service) count(lb *loadBalancer, x proxy.Exchange) {
	if x.Lease == nil {
		s.countOwn(lb, x.Status)
		return
	}
	g, err := s.group(x.Lease.Group)
	if err != nil {
		g = nil // deleted meanwhile, or never chosen
	}
	if x.Lease.Instance != "" {
		s.record(lb, g, "RequestCount", 1)
		if g != nil {
			s.recordGroup(lb, g, "RequestCountPerTarget", 1/float64(max(1, len(g.candidates()))), true)
		}
	}
	if x.ConnectError {
		s.record(lb, g, "TargetConnectionErrorCount", 1)
	}
	if x.TargetStatus == 0 {
		s.countFailure(lb, x.Status)
		return
	}
	s.record(lb, g, fmt.Sprintf("HTTPCode_Target_%dXX_Count", x.TargetStatus/100), 1)
	s.record(lb, g, "TargetResponseTime", x.TargetTime.Seconds())
}

// countOwn counts an answer that a rule made without a target.
func (s *Service) countOwn(lb *loadBalancer, status int) {
	if status/100 == 3 {
		s.record(lb, nil, "HTTP_Redirect_Count", 1)
		s.record(lb, nil, "HTTPCode_ELB_3XX_Count", 1)
		return
	}
	s.record(lb, nil, "HTTP_Fixed_Response_Count", 1)
}

// countFailure counts an answer that the load balancer made because it had none of a target.
func (s *Service) countFailure(lb *loadBalancer, status int) {
	s.record(lb, nil, fmt.Sprintf("HTTPCode_ELB_%dXX_Count", status/100), 1)
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		s.record(lb, nil, fmt.Sprintf("HTTPCode_ELB_%d_Count", status), 1)
	}
}

// startTick records the host counts each minute for as long as there are load balancers.
func (s *Service) startTick() {
	if s.tick != nil {
		return
	}
	s.tick = s.Account.After(time.Minute, func() {
		s.tick = nil
		s.RecordHostCounts()
		if len(s.balancers) > 0 {
			s.startTick()
		}
	})
}

// RecordHostCounts puts the number of healthy and unhealthy targets of each group in use on record, and of open client
// connections. It happens each minute by itself. The account must be locked.
func (s *Service) RecordHostCounts() {
	for _, lb := range s.balancers {
		if lb.active {
			s.record(lb, nil, "ActiveConnectionCount", float64(lb.front.Connections()))
		}
	}
	for _, g := range s.groups {
		if g.lb == nil {
			continue
		}
		healthy, unhealthy := g.hosts()
		s.recordGroup(g.lb, g, "HealthyHostCount", float64(healthy), false)
		s.recordGroup(g.lb, g, "UnHealthyHostCount", float64(unhealthy), false)
	}
}

// hosts counts the targets that get or could get requests.
func (g *targetGroup) hosts() (healthy, unhealthy int) {
	for _, t := range g.targets {
		switch {
		case t.healthy():
			healthy++
		case t.usable():
			unhealthy++
		}
	}
	return healthy, unhealthy
}
