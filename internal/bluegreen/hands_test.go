package bluegreen_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"bluegreen/internal/traffic"
)

// byHand is the name of those who edit records past the product.
const byHand = "hand"

// hand edits records by hand, with a plain SDK client.
type hand struct {
	w     *world
	zones *route53.Client
}

func (w *world) hand(to http.RoundTripper) *hand {
	return &hand{w: w, zones: route53.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://sandbox"), HTTPClient: &http.Client{Transport: to},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDHAND", "hand", ""),
	})}
}

// list reads the weighted records of the app.
func (h *hand) list(ctx context.Context) []r53types.ResourceRecordSet {
	out, err := h.zones.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &h.w.made.ZoneID})
	if err != nil {
		return nil
	}
	var weighted []r53types.ResourceRecordSet
	for _, r := range out.ResourceRecordSets {
		if r.Weight != nil {
			weighted = append(weighted, r)
		}
	}
	return weighted
}

// change sends a batch. That it is refused is part of the game.
func (h *hand) change(ctx context.Context, changes ...r53types.Change) error {
	_, err := h.zones.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &h.w.made.ZoneID, ChangeBatch: &r53types.ChangeBatch{Changes: changes},
	})
	return err
}

// weigh gives a record another weight.
func (h *hand) weigh(ctx context.Context, r r53types.ResourceRecordSet, weight int64, upsert bool) error {
	wanted := r
	wanted.Weight = aws.Int64(weight)
	if upsert {
		return h.change(ctx, r53types.Change{Action: r53types.ChangeActionUpsert, ResourceRecordSet: &wanted})
	}
	return h.change(ctx,
		r53types.Change{Action: r53types.ChangeActionDelete, ResourceRecordSet: &r},
		r53types.Change{Action: r53types.ChangeActionCreate, ResourceRecordSet: &wanted})
}

// fiddle edits records at random until ctx ends. A record never gets weight 0 by hand, so that zero sums are ours alone.
func (h *hand) fiddle(ctx context.Context, random *rand.Rand) {
	for sleep(ctx, time.Duration(random.Int64N(int64(15*time.Minute)))) {
		records := h.list(ctx)
		if len(records) == 0 {
			continue
		}
		r := records[random.IntN(len(records))]
		if h.w.eye.healthy(h.w.t, traffic.Color(*r.SetIdentifier)) == 0 {
			continue // hands are bold, not mad
		}
		if random.IntN(2) == 0 {
			_ = sleep(ctx, time.Duration(random.Int64N(int64(5*time.Second)))) // what was read gets old
		}
		_ = h.weigh(ctx, r, 1+random.Int64N(255), random.IntN(2) == 0)
	}
}

// equalize gives all names and types the same weights, those of a colour that serves now, as messages tell people to do.
func (h *hand) equalize(ctx context.Context) error {
	var changes []r53types.Change
	records := h.list(ctx)
	live := ""
	for _, r := range records {
		if *r.Weight > 0 && live == "" {
			live = *r.SetIdentifier
		}
	}
	for _, r := range records {
		if *r.SetIdentifier == live {
			r.Weight = aws.Int64(100)
			changes = append(changes, r53types.Change{Action: r53types.ChangeActionUpsert, ResourceRecordSet: &r})
		} else {
			changes = append(changes, r53types.Change{Action: r53types.ChangeActionDelete, ResourceRecordSet: &r})
		}
	}
	return h.change(ctx, changes...)
}

// sleep says whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
