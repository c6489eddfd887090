package route53_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"bluegreen/internal/sandbox/route53"
)

func (x *sandbox) status(change string) string {
	out, err := x.client.GetChange(context.Background(), &sdk.GetChangeInput{Id: &change})
	if err != nil {
		return refusal(err)
	}
	return string(out.ChangeInfo.Status)
}

func (x *sandbox) settle() {
	x.account.Lock()
	defer x.account.Unlock()
	x.service.Settle()
}

// everywhere is what each of the zone's servers answers.
func (x *sandbox) everywhere(name string) (all []string) {
	for server := range route53.NameServers {
		all = append(all, fmt.Sprint(x.ask(server, name, dns.TypeA)))
	}
	return all
}

func TestServersLearnOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newSandbox(t, route53.Options{Propagation: [4]time.Duration{2 * time.Second, 4 * time.Second, 6 * time.Second, 8 * time.Second}})
		id := x.zone("example.test")
		x.settle()
		first := x.mustChange(id, "CREATE a.example.test A ttl=60 | 192.0.2.1")
		time.Sleep(3 * time.Second)
		second := x.mustChange(id, "UPSERT a.example.test A ttl=60 | 192.0.2.2")

		type moment struct {
			At            int // seconds after the first change
			Servers       []string
			First, Second string
			Listed        []string
		}
		const none, one, two = "[NXDOMAIN]", "[192.0.2.1]", "[192.0.2.2]"
		listed := []string{"a.example.test. A ttl=60 | 192.0.2.2"}
		want := []moment{
			{3, []string{one, none, none, none}, "PENDING", "PENDING", listed},
			{5, []string{two, one, none, none}, "PENDING", "PENDING", listed},
			{7, []string{two, two, one, none}, "PENDING", "PENDING", listed},
			{9, []string{two, two, two, one}, "INSYNC", "PENDING", listed},
			{11, []string{two, two, two, two}, "INSYNC", "INSYNC", listed},
		}
		var got []moment
		for _, m := range want {
			time.Sleep(time.Duration(m.At)*time.Second - time.Since(*first.SubmittedAt))
			synctest.Wait()
			got = append(got, moment{m.At, x.everywhere("a.example.test"), x.status(*first.Id), x.status(*second.Id), x.list(id)})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("propagation (-want +got):\n%s", diff)
		}
	})
}

// TestChangesReachServersInOrder makes two batches at one instant: their timers end together, in any order.
func TestChangesReachServersInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := route53.Options{Processing: -1}
		x := newSandbox(t, o)
		id := x.zone("example.test")
		x.settle()
		last := ""
		for i := range 50 {
			last = fmt.Sprintf("192.0.2.%d", i+1)
			x.mustChange(id, "UPSERT a.example.test A ttl=60 | "+last)
		}
		seen := []string{}
		for range 40 {
			time.Sleep(time.Second)
			synctest.Wait()
			for _, answer := range x.everywhere("a.example.test") {
				if !slices.Contains(seen, answer) {
					seen = append(seen, answer)
				}
			}
		}
		if want := []string{"[NXDOMAIN]", "[" + last + "]"}; !slices.Equal(seen, want) {
			t.Errorf("servers answered %v, want %v", seen, want)
		}
	})
}

func TestNewZoneIsUnknownToItsServersAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newSandbox(t, route53.Options{})
		x.zone("example.test")
		ask := func() string { return x.everywhere("example.test")[0] }
		if got := ask(); got != "[REFUSED]" {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := ask(); got != "[]" {
			t.Errorf("after a minute: %s", got)
		}
	})
}

// TestOneBatchAtATime shows that a zone is busy for the processing time, not until the change is in sync, and that a zone is
// not busy with what it refused, nor with another zone's batch, nor once everything is settled.
func TestOneBatchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newSandbox(t, route53.Options{})
		id, other := x.zone("example.test"), x.zone("example.org")
		const busy = "PriorRequestNotComplete: The request was rejected because Route 53 was still processing a prior request."
		try := func(zone, line string) string {
			_, err := x.change(zone, line)
			return refusal(err)
		}
		if _, err := x.change(id, "DELETE a.example.test A ttl=60 | 192.0.2.1"); err == nil {
			t.Fatal("deleted what is not there")
		}
		first := x.mustChange(id, "CREATE a.example.test A ttl=60 | 192.0.2.1")
		got := []string{try(id, "CREATE b.example.test A ttl=60 | 192.0.2.1"), try(other, "CREATE b.example.org A ttl=60 | 192.0.2.1")}
		_, err := x.client.DeleteHostedZone(t.Context(), &sdk.DeleteHostedZoneInput{Id: &id})
		got = append(got, refusal(err))
		time.Sleep(route53.DefaultProcessing)
		synctest.Wait()
		got = append(got, x.status(*first.Id), try(id, "CREATE b.example.test A ttl=60 | 192.0.2.1"))
		x.settle()
		got = append(got, x.status(*first.Id), try(id, "CREATE c.example.test A ttl=60 | 192.0.2.1"))
		if want := []string{busy, "", busy, "PENDING", "", "INSYNC", ""}; !slices.Equal(got, want) {
			t.Errorf("\n got %q\nwant %q", got, want)
		}
	})
}

func TestGetChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newSandbox(t, route53.Options{})
		id := x.zone("example.test")
		out, err := x.client.ChangeResourceRecordSets(t.Context(), &sdk.ChangeResourceRecordSetsInput{HostedZoneId: &id, ChangeBatch: &types.ChangeBatch{
			Comment: aws.String("shift 1"), Changes: []types.Change{parseChange("CREATE a.example.test A ttl=60 | 192.0.2.1", id)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		info := out.ChangeInfo
		if got, err := x.client.GetChange(t.Context(), &sdk.GetChangeInput{Id: info.Id}); err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(info, got.ChangeInfo, unexported); diff != "" || *info.Comment != "shift 1" {
			t.Errorf("GetChange differs from the batch's reply (-want +got):\n%s", diff)
		}
		start := time.Now()
		waiter := sdk.NewResourceRecordSetsChangedWaiter(x.client, func(o *sdk.ResourceRecordSetsChangedWaiterOptions) {
			o.MinDelay, o.MaxDelay = time.Second, time.Second
		})
		if err := waiter.Wait(t.Context(), &sdk.GetChangeInput{Id: info.Id}, time.Minute); err != nil {
			t.Fatal(err)
		}
		if waited, last := time.Since(start), route53.DefaultPropagation[3]; waited < last || waited > last+2*time.Second {
			t.Errorf("in sync after %v, the last server learns after %v", waited, last)
		}
		if got, want := x.status("C0NOSUCHCHANGE"), "NoSuchChange: Could not find resource with ID: C0NOSUCHCHANGE"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
