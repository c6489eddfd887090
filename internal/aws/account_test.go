package aws_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"bluegreen/internal/aws"
	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/balancer"
	"bluegreen/internal/aws/group"
	"bluegreen/internal/aws/image"
	"bluegreen/internal/aws/metrics"
	"bluegreen/internal/aws/params"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/fabric"
	"bluegreen/internal/sandbox/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a ready-made account, and all adapters in front of it.
type world struct {
	*aws.Account
	sb   *sandbox.Sandbox
	made stack.Made
}

// inWorld runs a test in an account whose blue stack serves, in a synctest bubble.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sb, err := sandbox.New(sandbox.Options{Fabric: fabric.Memory(), Resolution: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer sb.Close()
		made, err := stack.Build(t.Context(), sb, stack.Spec{})
		if err != nil {
			t.Fatal(err)
		}
		account, err := aws.Connect(t.Context(), aws.Options{
			Region: sb.Account.Region, HTTP: sb.Transport(), Endpoint: "http://sandbox", Credentials: stack.Credentials(),
		})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{account, sb, made}
		for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(time.Second) {
			g, err := w.Groups.Get(t.Context(), "shop-blue-asg")
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("blue does not come into service: %v, %v", g, err)
			}
			if g.InService() == 2 && w.healthy(t) == 2 {
				break
			}
		}
		test(t, w)
	})
}

func (w *world) balancer(t *testing.T) balancer.Balancer {
	t.Helper()
	lb, err := w.Balancers.Get(t.Context(), "shop-blue-alb")
	if err != nil {
		t.Fatal(err)
	}
	return lb
}

func (w *world) targetGroups(t *testing.T) []balancer.Group {
	t.Helper()
	groups, err := w.Balancers.Groups(t.Context(), w.balancer(t).ARN)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func (w *world) healthy(t *testing.T) int {
	t.Helper()
	targets, err := w.Balancers.Targets(t.Context(), w.targetGroups(t)[0].ARN)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, target := range targets {
		if target.Healthy() {
			n++
		}
	}
	return n
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestBalancers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		lb := w.balancer(t)
		want := balancer.Balancer{ARN: lb.ARN, Name: "shop-blue-alb", DNSName: lb.DNSName, ZoneID: lb.ZoneID, State: "active", Dual: true, SecurityGroups: lb.SecurityGroups}
		if diff := cmp.Diff(want, lb); diff != "" || lb.DNSName == "" || lb.ZoneID == "" || len(lb.SecurityGroups) != 1 {
			t.Error(lb, diff)
		}
		if d := lb.Dimension(); !strings.HasPrefix(d, "app/shop-blue-alb/") || !strings.HasSuffix(lb.ARN, ":loadbalancer/"+d) {
			t.Errorf("dimension %s of %s", d, lb.ARN)
		}
		groups := w.targetGroups(t)
		if diff := cmp.Diff([]balancer.Group{{ARN: groups[0].ARN, Name: "shop-blue-tg", Check: balancer.Check{Port: "traffic-port", Path: "/health"}}}, groups); diff != "" {
			t.Error(diff)
		}
		agent := balancer.Check{Port: "9180", Path: "/live"}
		if err := w.Balancers.SetCheck(t.Context(), groups[0].ARN, agent); err != nil {
			t.Fatal(err)
		}
		if got := w.targetGroups(t)[0].Check; got != agent {
			t.Errorf("after it was set: %v", got)
		}
	})
}

func TestTargets(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		members, err := w.Groups.Get(t.Context(), "shop-blue-asg")
		if err != nil {
			t.Fatal(err)
		}
		three := 3
		if err := w.Groups.Resize(t.Context(), "shop-blue-asg", group.Change{Desired: &three}); err != nil {
			t.Fatal(err)
		}
		var seen []string // states of the third instance
		for range 300 {
			targets, err := w.Balancers.Targets(t.Context(), w.targetGroups(t)[0].ARN)
			if err != nil {
				t.Fatal(err)
			}
			for _, target := range targets {
				old := slices.ContainsFunc(members.Instances, func(i group.Instance) bool { return i.ID == target.Instance })
				if !old && (len(seen) == 0 || seen[len(seen)-1] != target.State) {
					seen = append(seen, target.State)
				}
				if target.Healthy() != (target.State == "healthy") || !target.Healthy() && target.Reason == "" {
					t.Errorf("a target %+v", target)
				}
			}
			time.Sleep(time.Second)
		}
		if diff := cmp.Diff([]string{"initial", "healthy"}, seen); diff != "" {
			t.Error(diff)
		}
	})
}

func TestGroups(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx, name := t.Context(), "shop-blue-asg"
		g, err := w.Groups.Get(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%s %s version %s, %d in service, %d target groups, app %s, status %q",
			g.Name, g.Size, g.TemplateVersion, g.InService(), len(g.TargetGroups), g.Tags["bluegreen:app"], g.Status)
		if got != `shop-blue-asg min=2 max=6 desired=2 version 1, 2 in service, 1 target groups, app shop, status ""` {
			t.Error(got)
		}
		for _, i := range g.Instances {
			if i.State != "InService" || !i.Healthy || i.TemplateVersion != "1" || i.ID == "" {
				t.Errorf("an instance %+v", i)
			}
		}

		three, nine := 3, 9
		for _, c := range []struct {
			change group.Change
			want   group.Size
		}{
			{group.Change{Max: &nine}, group.Size{Min: 2, Max: 9, Desired: 2}},
			{group.Change{Min: &three}, group.Size{Min: 3, Max: 9, Desired: 3}},
			{group.Change{}, group.Size{Min: 3, Max: 9, Desired: 3}},
		} {
			err := w.Groups.Resize(ctx, name, c.change)
			g, getErr := w.Groups.Get(ctx, name)
			if diff := cmp.Diff(c.want, g.Size); errors.Join(err, getErr) != nil || diff != "" {
				t.Errorf("%v, %v %s", err, getErr, diff)
			}
		}

		tag := func(what string, err error, want string) {
			t.Helper()
			g, getErr := w.Groups.Get(ctx, name)
			if errors.Join(err, getErr) != nil || g.Tags["k"] != want {
				t.Errorf("%s: %q, %v, %v", what, g.Tags["k"], err, getErr)
			}
		}
		tag("tag", w.Groups.Tag(ctx, name, "k", "v 1=2"), "v 1=2")
		tag("tag again", w.Groups.Tag(ctx, name, "k", "w"), "w")
		tag("untag", w.Groups.Untag(ctx, name, "k"), "")
		tag("untag again", w.Groups.Untag(ctx, name, "k"), "")
	})
}

func TestSize(t *testing.T) {
	size := group.Size{Min: 1, Max: 20, Desired: 3}
	if got, err := group.ParseSize(size.String()); err != nil || got != size {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := group.ParseSize("min=1 max=x"); text(err) != `read size "min=1 max=x": want min=N max=N desired=N` {
		t.Errorf("got %v", err)
	}
}

func TestTrouble(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if why, err := w.Groups.Trouble(t.Context(), "shop-blue-asg"); why != "" || err != nil {
			t.Errorf("when all is well: %q, %v", why, err)
		}
		machines := ec2.New(ec2.Options{
			Region: w.Region, BaseEndpoint: sdk.String("http://sandbox"), Credentials: stack.Credentials(), HTTPClient: &http.Client{Transport: w.sb.Transport()},
		})
		if _, err := machines.DeregisterImage(t.Context(), &ec2.DeregisterImageInput{ImageId: sdk.String(w.made.Images["v1"])}); err != nil {
			t.Fatal(err)
		}
		three := 3
		if err := w.Groups.Resize(t.Context(), "shop-blue-asg", group.Change{Desired: &three}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		why, err := w.Groups.Trouble(t.Context(), "shop-blue-asg")
		if err != nil || !strings.Contains(why, w.made.Images["v1"]) {
			t.Errorf("without an image: %q, %v", why, err)
		}
	})
}

func TestTemplatesAndImages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		g, err := w.Groups.Get(ctx, "shop-blue-asg")
		if err != nil {
			t.Fatal(err)
		}
		want := template.Version{TemplateID: g.TemplateID, Number: 1, Image: w.made.Images["v1"], InstanceType: "t3.small"}
		for _, version := range []string{"1", "$Latest", "$Default"} {
			got, err := w.Templates.Get(ctx, g.TemplateID, version)
			want.Facts, want.SecurityGroups = got.Facts, got.SecurityGroups
			if text, err := got.UserData(); err != nil || !strings.HasPrefix(text, "#!/bin/bash\n") || got.Facts[template.PathUserData] != template.Fingerprint(text) {
				t.Errorf("%s: user data %q, %v", version, text, err)
			}
			if len(got.SecurityGroups) != 1 {
				t.Errorf("%s: security groups %v", version, got.SecurityGroups)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(template.Version{})); err != nil || diff != "" {
				t.Errorf("%s: %v %s", version, err, diff)
			}
		}
		i, err := w.Images.Get(ctx, want.Image)
		wanted := image.Image{
			ID: want.Image, Name: "shop-v1", Architecture: "x86_64", State: image.Available, Owner: w.sb.Account.ID, RootDevice: "/dev/xvda",
			Created: i.Created, Tags: i.Tags, Snapshots: i.Snapshots,
		}
		if diff := cmp.Diff(wanted, i); err != nil || diff != "" || i.Created.IsZero() || i.Tags["Version"] != "v1" || len(i.Snapshots) != 1 {
			t.Errorf("%v, %v %s", i, err, diff)
		}
	})
	for version, want := range map[string]bool{"1": true, "17": true, "$Latest": false, "$Default": false, "": false} {
		if got := template.Pinned(version); got != want {
			t.Errorf("pinned to %q: %v", version, got)
		}
	}
}

func TestMetrics(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		begin := time.Now().UTC().Truncate(time.Minute).Add(-time.Hour)
		requests := metrics.Query{Namespace: "App", Name: "Requests", Dimensions: map[string]string{"Color": "blue"}, Stat: "Sum", Period: time.Minute}
		other := requests
		other.Dimensions = map[string]string{"Color": "green"}
		w.sb.Account.Lock()
		var want []metrics.Point
		for i := range 30 {
			at := begin.Add(time.Duration(i) * time.Minute)
			w.sb.Metrics.Record("App", "Requests", map[string]string{"Color": "blue"}, at, float64(i))
			want = append(want, metrics.Point{Time: at, Value: float64(i)})
		}
		w.sb.Account.Unlock()
		got, err := w.Metrics.Read(t.Context(), begin, begin.Add(time.Hour), other, requests)
		if diff := cmp.Diff([][]metrics.Point{nil, want}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		got, err = w.Metrics.Read(t.Context(), begin.Add(5*time.Minute), begin.Add(7*time.Minute), requests)
		if diff := cmp.Diff([][]metrics.Point{want[5:7]}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

func TestParams(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		var names []string
		want := map[string]params.Param{}
		for i := range 23 { // three pages
			p := params.Param{Name: fmt.Sprintf("/a/b/%02d", i), Value: fmt.Sprint("value ", i), Version: 1}
			version, err := w.Params.Create(ctx, p.Name, p.Value)
			if err != nil || version != 1 {
				t.Fatal(version, err)
			}
			names, want[p.Name] = append(names, p.Name), p
		}
		if _, err := w.Params.Create(ctx, "/ab/c", "not below /a"); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/a", "/a/"} {
			listed, err := w.Params.List(ctx, path)
			got := map[string]params.Param{}
			for _, p := range listed {
				got[p.Name] = p
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		}
		_, err := w.Params.Create(ctx, "/a/b/00", "other")
		if !errors.Is(err, awserr.ErrExists) || !strings.HasPrefix(text(err), "write parameter /a/b/00: The parameter already exists.") {
			t.Errorf("create again: %v", err)
		}
		if version, err := w.Params.Overwrite(ctx, "/a/b/00", "other"); version != 2 || err != nil {
			t.Errorf("overwrite: %d, %v", version, err)
		}
		if version, err := w.Params.Overwrite(ctx, "/a/new", "x"); version != 1 || err != nil {
			t.Errorf("overwrite what is not there: %d, %v", version, err)
		}
		got, err := w.Params.Get(ctx, "/a/b/00")
		if diff := cmp.Diff(params.Param{Name: "/a/b/00", Value: "other", Version: 2}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if _, err := w.Params.Create(ctx, "/a/long", strings.Repeat("x", params.MaxValue)); err != nil {
			t.Errorf("the longest value: %v", err)
		}
		if _, err := w.Params.Create(ctx, "/a/longer", strings.Repeat("x", params.MaxValue+1)); err == nil {
			t.Error("a value that is too long was taken")
		}
		if err := w.Params.Delete(ctx, append([]string{"/a/none", "/a/new", "/a/long"}, names...)...); err != nil {
			t.Error(err)
		}
		if left, err := w.Params.List(ctx, "/a"); err != nil || len(left) > 0 {
			t.Errorf("left %v, %v", left, err)
		}
	})
}
