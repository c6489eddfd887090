package main

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"bluegreen/internal/aws"
	"bluegreen/internal/sandbox/stack"
	"bluegreen/internal/sandbox/wire"
)

// watch notes after each batch of records each name that nobody could answer for: one without weight, or one with weight on a
// color that has less healthy instances than blue had before.
func (w *world) watch(ctx context.Context) (broken func() []string) {
	w.t.Helper()
	cloud, err := aws.Connect(ctx, aws.Options{Region: w.sb.Account.Region, HTTP: w.sb.Transport(), Endpoint: "http://sandbox", Credentials: stack.Credentials()})
	if err != nil {
		w.t.Fatal(err)
	}
	var mu sync.Mutex
	var faults []string
	see := func(c wire.Call) {
		if c.Operation != "ChangeResourceRecordSets" || c.Code != "" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		faults = append(faults, unanswered(ctx, cloud, w.made)...)
	}
	w.sb.Front.Calls.Observe(see)
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return faults
	}
}

func unanswered(ctx context.Context, cloud *aws.Account, made stack.Made) (faults []string) {
	records, err := cloud.DNS.List(ctx, made.ZoneID, made.Spec.Names...)
	if err != nil {
		return []string{err.Error()}
	}
	sums := map[string]int64{}
	for _, r := range records {
		if r.SetID == "" {
			continue
		}
		name := r.Name + " " + r.Type
		sums[name] += r.Weight
		if r.Weight == 0 {
			continue
		}
		lb, err := cloud.Balancers.Get(ctx, made.Spec.App+"-"+r.SetID+"-alb")
		if err != nil {
			return append(faults, err.Error())
		}
		groups, err := cloud.Balancers.Groups(ctx, lb.ARN)
		if err != nil {
			return append(faults, err.Error())
		}
		healthy := 0
		for _, g := range groups {
			targets, err := cloud.Balancers.Targets(ctx, g.ARN)
			if err != nil {
				return append(faults, err.Error())
			}
			for _, t := range targets {
				if t.Healthy() {
					healthy++
				}
			}
		}
		if healthy < int(made.Spec.Blue.Desired) || !strings.Contains(r.Alias.Name, lb.DNSName) {
			faults = append(faults, fmt.Sprintf("%s has weight %d on %s, with %d healthy targets", name, r.Weight, r.SetID, healthy))
		}
	}
	for name, sum := range sums {
		if sum == 0 {
			faults = append(faults, name+" has no weight at all")
		}
	}
	return faults
}
