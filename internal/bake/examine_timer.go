package bake

import (
	"context"
	"fmt"
	"time"

	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/step"
)

// The bounds of how long ago the last success may be: CloudWatch keeps values of five minutes for 63 days.
const (
	MinLastSuccess = 10 * time.Minute
	MaxLastSuccess = 60 * 24 * time.Hour

	metricPeriod = 5 * time.Minute
	metricKept   = 62 * 24 * time.Hour
)

// examineTimer looks for a timer that does not run any more, or whose runs fail.
func (b *Bakery) examineTimer(ctx context.Context, within time.Duration) ([]Finding, error) {
	if b.Settings.Notify.Namespace == "" {
		return b.examineBakes(ctx, within)
	}
	now := time.Now()
	span := min(2*within+24*time.Hour, metricKept)
	values, err := b.Cloud.Metrics.Read(ctx, now.Add(-span).Truncate(metricPeriod), now.Add(metricPeriod), metrics.Query{
		Namespace: b.Settings.Notify.Namespace, Name: metricSucceeded, Dimensions: map[string]string{"App": b.Settings.App}, Stat: "Maximum", Period: metricPeriod,
	})
	if err != nil {
		return nil, err
	}
	var succeeded, tried time.Time
	for _, p := range values[0] {
		if tried = p.Time; p.Value > 0 {
			succeeded = p.Time
		}
	}
	switch {
	case !succeeded.IsZero() && now.Sub(succeeded) <= within+metricPeriod: // a value has the begin of its period
		return nil, nil
	case tried.IsZero():
		return []Finding{{
			Text: fmt.Sprintf("nothing was heard of amibake bake for at least %s: does its timer run?", span), Try: "systemctl status 'amibake@*'",
		}}, nil
	case succeeded.IsZero():
		return []Finding{{Text: fmt.Sprintf("no amibake bake has succeeded for at least %s; the last try failed at %s", span, ago(tried)), Try: "amibake bake"}}, nil
	case tried.After(succeeded):
		return []Finding{{Text: fmt.Sprintf("the last success was at %s, more than %s; the last try failed at %s", ago(succeeded), within, ago(tried)), Try: "amibake bake"}}, nil
	}
	return []Finding{{
		Text: fmt.Sprintf("the last success was at %s, more than %s, and nothing was heard since: does its timer run?", ago(succeeded), within), Try: "systemctl status 'amibake@*'",
	}}, nil
}

// examineBakes goes by the journal. What it does not have is a run that found nothing to bake.
func (b *Bakery) examineBakes(ctx context.Context, within time.Duration) ([]Finding, error) {
	var last time.Time
	err := b.pasts(ctx, func(p Past) bool {
		if p.What == workflowBake && p.How == string(step.Succeeded) {
			last = p.Last
		}
		return last.IsZero()
	})
	if err != nil || time.Since(last) <= within {
		return nil, err
	}
	const blind = `; runs that found nothing to bake leave no trace while notify.namespace is ""`
	if last.IsZero() {
		return []Finding{{Text: "no AMI was ever baked" + blind, Try: "amibake bake"}}, nil
	}
	return []Finding{{Text: fmt.Sprintf("the last AMI was baked at %s, more than %s", ago(last), within) + blind, Try: "amibake history"}}, nil
}
