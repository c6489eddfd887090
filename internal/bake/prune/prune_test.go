package prune_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/bake/prune"
)

const day = 24 * time.Hour

// start is when all tests began: ages are counted from then.
var start = time.Now()

var policy = prune.Policy{App: "shop", Newest: 2, Young: 10 * day, Disable: 7 * day, Deregister: 14 * day, Orphan: day}

// image is an available, verified image of shop that is some days old.
func image(id string, days int) prune.Image {
	return prune.Image{
		Ref: prune.Ref{ID: id}, Created: start.Add(-time.Duration(days) * day), Managed: true, App: "shop", Key: "0123456789abcdef0123",
		Status: prune.Verified, State: prune.Available,
	}
}

// last makes an image one that the next step ends: deprecated and disabled long ago.
func last(i prune.Image) prune.Image {
	i.State, i.Deprecated, i.DisabledAt = prune.Disabled, start.Add(-60*day), start.Add(-50*day)
	return i
}

func with(i prune.Image, change func(*prune.Image)) prune.Image {
	change(&i)
	return i
}

// TestDecide is about ami-x, which is old and past the two newest ones.
func TestDecide(t *testing.T) {
	old := image("ami-x", 100)
	newer := []prune.Image{image("ami-2", 40), image("ami-3", 50)}
	disabledNote := "disabled: nothing can be launched from it before EnableImage"
	for name, c := range map[string]struct {
		image   prune.Image
		account account
		action  prune.Action
		reasons []string
	}{
		"nobody uses it": {
			old, account{}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
		"deprecated for long enough": {
			with(old, func(i *prune.Image) { i.Deprecated = start.Add(-8 * day) }), account{}, prune.Disable,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer", "deprecated since " + ago(8*day)},
		},
		"just deprecated": {
			with(old, func(i *prune.Image) { i.Deprecated = start.Add(-6 * day) }), account{}, prune.Keep,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer", "deprecated; may be disabled from " + ago(-day) + " on"},
		},
		"deprecated from some time on": {
			with(old, func(i *prune.Image) { i.Deprecated = start.Add(700 * day) }), account{}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
		"disabled for long enough": {
			last(old), account{}, prune.Deregister,
			[]string{"nobody uses it", "100 days old", "disabled since " + ago(50*day)},
		},
		"just disabled": {
			with(last(old), func(i *prune.Image) { i.DisabledAt = start.Add(-13 * day) }), account{}, prune.Keep,
			[]string{"nobody uses it", "100 days old", "disabled; may be deregistered from " + ago(-day) + " on"},
		},
		"disabled by nobody knows whom": {
			with(last(old), func(i *prune.Image) { i.DisabledAt = time.Time{} }), account{}, prune.Disable,
			[]string{"nobody uses it", "100 days old", "disabled by somebody else: since when has to be noted"},
		},
		"enabled again, with the tag of the last time": {
			with(last(old), func(i *prune.Image) { i.State = prune.Available }), account{}, prune.Disable,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer", "deprecated since " + ago(60*day)},
		},
		"protected": {
			with(last(old), func(i *prune.Image) { i.Protected = true }), account{}, prune.Keep,
			[]string{"nobody uses it", "100 days old", "disabled, but protected from being deregistered"},
		},

		"a stopped instance": {
			last(old), account{instances: []machine{{"", "i-1", "stopped", "ami-x"}}}, prune.Keep,
			[]string{"in use by instance i-1 (stopped)", disabledNote},
		},
		"a terminated instance": {
			last(old), account{instances: []machine{{"", "i-1", "terminated", "ami-x"}}}, prune.Deregister,
			[]string{"nobody uses it", "100 days old", "disabled since " + ago(50*day)},
		},
		"the launch configuration of a group of size zero": {
			old, account{groups: []group{{name: "shop-asg"}}, configs: []config{{"", "shop-lc", "ami-x"}}}, prune.Keep,
			[]string{"in use by launch configuration shop-lc"},
		},
		"the latest version of a template, which is not the default": {
			old, account{templates: []template{{id: "lt-1", versions: []string{"ami-2", "ami-x"}, standard: 1}}}, prune.Keep,
			[]string{"in use by launch template lt-1 version 2 ($Latest)"},
		},
		"the default version of a template, which is not the latest": {
			old, account{templates: []template{{id: "lt-1", versions: []string{"ami-x", "ami-2"}, standard: 1}}}, prune.Keep,
			[]string{"in use by launch template lt-1 version 1 ($Default)"},
		},
		"a version that a group of size zero names, by the template's name": {
			old, account{
				templates: []template{{id: "lt-1", name: "shop", versions: []string{"ami-2", "ami-x", "ami-2"}, standard: 1, ours: []int{2}}},
				groups:    []group{{name: "shop-asg", launches: []prune.Launch{{Template: "shop", Version: "2"}}}},
			}, prune.Keep,
			[]string{"in use by launch template lt-1 version 2 (group shop-asg)"},
		},
		"a version that a group names without saying which": {
			old, account{
				templates: []template{{id: "lt-1", versions: []string{"ami-x", "ami-2"}, standard: 1}},
				groups:    []group{{name: "shop-asg", launches: []prune.Launch{{Template: "lt-1"}}}},
			}, prune.Keep,
			[]string{"in use by launch template lt-1 version 1 ($Default, group shop-asg)"},
		},
		"a version that a mixed override names": {
			old, account{
				templates: []template{{id: "lt-1", versions: []string{"ami-2", "ami-x", "ami-2"}, standard: 1}},
				groups:    []group{{name: "shop-asg", launches: []prune.Launch{{Override: true, Template: "lt-1", Version: "2"}}}},
			}, prune.Keep,
			[]string{"in use by launch template lt-1 version 2 (mixed instances override of group shop-asg)"},
		},
		"a mixed override's own image": {
			old, account{groups: []group{{name: "shop-asg", launches: []prune.Launch{{Override: true, Image: "ami-x"}}}}}, prune.Keep,
			[]string{"in use by mixed instances override of group shop-asg"},
		},
		"an old version of ours that nothing names": {
			old, account{templates: []template{{id: "lt-1", versions: []string{"ami-2", "ami-x", "ami-2"}, standard: 1, ours: []int{2}}}}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
		"a version of ours that is the latest": {
			old, account{templates: []template{{id: "lt-1", versions: []string{"ami-2", "ami-x"}, standard: 1, ours: []int{2}}}}, prune.Keep,
			[]string{"in use by launch template lt-1 version 2 ($Latest)"},
		},
		"an old version of ours that a deployment which has not ended may go back to": {
			old, account{
				templates: []template{{id: "lt-1", versions: []string{"ami-2", "ami-x", "ami-2"}, standard: 1, ours: []int{2}}},
				runs:      []prune.Run{{ID: "20260101-000000-abcdef", Templates: []string{"lt-1"}}},
			}, prune.Keep,
			[]string{"in use by launch template lt-1 version 2 (run 20260101-000000-abcdef)"},
		},
		"an old version of ours in the template of a deployment that has ended": {
			old, account{
				templates: []template{{id: "lt-1", versions: []string{"ami-2", "ami-x", "ami-2"}, standard: 1, ours: []int{2}}},
				runs:      []prune.Run{{ID: "20260101-000000-abcdef", Ended: true, Templates: []string{"lt-1"}}},
			}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
		"an old version of somebody else's that nothing names": {
			old, account{templates: []template{{id: "lt-1", versions: []string{"ami-2", "ami-x", "ami-2"}, standard: 1}}}, prune.Keep,
			[]string{"in use by launch template lt-1 version 2"},
		},
		"a template that names an old value of a parameter": {
			old, account{
				templates: []template{{id: "lt-1", versions: []string{"resolve:ssm:/shop/ami:1"}, standard: 1}},
				params:    []param{{"", "/shop/ami", []string{"ami-x", "ami-2"}}},
			}, prune.Keep,
			[]string{"in use by launch template lt-1 version 1 ($Default, $Latest)"},
		},
		"an old value of a parameter": {
			old, account{params: []param{{"", "/shop/ami", []string{"ami-x", "ami-2"}}}}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
		"a template that names a parameter that is gone": {
			old, account{templates: []template{{id: "lt-1", versions: []string{"resolve:ssm:/gone"}, standard: 1}}}, prune.Keep,
			[]string{"in use by unknown: launch templates: launch template lt-1 version 1: find out what resolve:ssm:/gone names: not found"},
		},
		"an old version of ours that names a parameter that is gone": {
			old, account{templates: []template{{id: "lt-1", versions: []string{"resolve:ssm:/gone", "ami-2"}, standard: 2, ours: []int{1}}}}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
		"a mixed override that names a parameter": {
			old, account{
				groups: []group{{name: "shop-asg", launches: []prune.Launch{{Override: true, Image: "resolve:ssm:/shop/ami:1"}}}},
				params: []param{{"", "/shop/ami", []string{"ami-x", "ami-2"}}},
			}, prune.Keep,
			[]string{"in use by mixed instances override of group shop-asg"},
		},
		"a mixed override that names a parameter that is gone": {
			old, account{groups: []group{{name: "shop-asg", launches: []prune.Launch{{Override: true, Image: "resolve:ssm:/gone"}}}}}, prune.Keep,
			[]string{"in use by unknown: launch templates: mixed instances override of group shop-asg: find out what resolve:ssm:/gone names: not found"},
		},
		"a template that names a parameter that cannot be read": {
			old, account{
				templates: []template{{id: "lt-1", versions: []string{"resolve:ssm:/shop/ami"}, standard: 1}}, broken: map[string]bool{"resolve": true},
			}, prune.Keep,
			[]string{"in use by unknown: launch templates: launch template lt-1 version 1: find out what resolve:ssm:/shop/ami names: AccessDenied"},
		},
		"the pointer, and the one before it": {
			old, account{params: []param{{"", "/bluegreen/shop/ami", []string{"ami-2"}}, {"", "/bluegreen/shop/ami-previous", []string{"ami-x"}}}}, prune.Keep,
			[]string{"in use by parameter /bluegreen/shop/ami-previous"},
		},
		"a deployment that can be resumed": {
			old, account{runs: []prune.Run{{ID: "20260101-000000-abcdef", Images: []string{"ami-2", "ami-x"}}}}, prune.Keep,
			[]string{"in use by deployment 20260101-000000-abcdef of the journal"},
		},
		"a deployment that has ended": {
			old, account{runs: []prune.Run{{ID: "20260101-000000-abcdef", Ended: true, Images: []string{"ami-x"}}}}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
		"another account": {
			with(old, func(i *prune.Image) { i.SharedWith = []string{"111122223333"} }),
			account{reports: []report{{"111122223333", "ami-x"}}}, prune.Keep,
			[]string{"in use by account 111122223333 (usage report)"},
		},
		"shared, but nobody reports": {
			with(old, func(i *prune.Image) { i.SharedWith = []string{"111122223333"} }), account{noReports: true}, prune.Keep,
			[]string{"in use by unknown: usage reports: not configured"},
		},
		"not shared, and nobody reports": {
			old, account{noReports: true}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
		"a check that fails": {
			old, account{broken: map[string]bool{"parameters": true}}, prune.Keep,
			[]string{"in use by unknown: parameters: AccessDenied"},
		},

		"younger than D": {
			image("ami-x", 9), account{}, prune.Keep,
			[]string{"the newest of the 2 verified images that are kept", "made 9 days ago, less than 10 days"},
		},
		"unverified and young": {
			with(image("ami-x", 9), func(i *prune.Image) { i.Status = "baked" }), account{}, prune.Keep,
			[]string{"made 9 days ago, less than 10 days"},
		},
		"unverified": {
			with(image("ami-x", 30), func(i *prune.Image) { i.Status = "baked" }), account{}, prune.Deprecate,
			[]string{"nobody uses it", "30 days old", "never verified"},
		},
		"the second newest": {
			image("ami-x", 45), account{}, prune.Keep,
			[]string{"number 2 of the 2 newest verified images"},
		},
		"not younger than another one": { // both made at the same time: ids decide
			image("ami-1", 50), account{}, prune.Deprecate,
			[]string{"nobody uses it", "50 days old", "2 verified images are newer"},
		},
		"another app's": {
			with(old, func(i *prune.Image) { i.App = "cart" }), account{}, prune.Keep,
			[]string{"belongs to app cart"},
		},
		"without our tag": {
			with(last(old), func(i *prune.Image) { i.Managed = false }), account{}, prune.Keep,
			[]string{"not made by amibake: its tags are missing"},
		},
		"without a bake's key": { // a backup of an instance, with the tags of its group
			with(last(old), func(i *prune.Image) { i.Key = "" }), account{}, prune.Keep,
			[]string{"not made by amibake: its tags are missing"},
		},
		"without an app": {
			with(last(old), func(i *prune.Image) { i.App = "" }), account{}, prune.Keep,
			[]string{"not made by amibake: its tags are missing"},
		},
		"failed": {
			with(old, func(i *prune.Image) { i.State = "failed" }), account{}, prune.Keep,
			[]string{`its state is "failed": prune leaves it to amibake sweep`},
		},
		"made at no time": {
			with(old, func(i *prune.Image) { i.Created = time.Time{} }), account{}, prune.Keep,
			[]string{"nobody knows when it was made"},
		},
		"still being copied": {
			old, account{images: []prune.Image{{
				Ref: prune.Ref{Region: "us-east-1", ID: "ami-c"}, Source: prune.Ref{ID: "ami-x"}, State: prune.Pending,
			}}}, prune.Keep,
			[]string{"in use by copy ami-c in us-east-1 (pending)"},
		},
		"copied, and the copy is in use": {
			old, account{
				images:    []prune.Image{{Ref: prune.Ref{Region: "us-east-1", ID: "ami-c"}, Source: prune.Ref{ID: "ami-x"}, State: prune.Available}},
				instances: []machine{{"us-east-1", "i-1", "running", "ami-c"}},
			}, prune.Deprecate,
			[]string{"nobody uses it", "100 days old", "2 verified images are newer"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.account
			a.images = append(append(a.images, c.image), newer...)
			plan, err := a.pruner(policy, "").Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got prune.Verdict
			for _, v := range plan.Images {
				if v.Image.ID == c.image.ID {
					got = v
				}
			}
			if got.Action != c.action {
				t.Errorf("%s, want %s", got.Action, c.action)
			}
			if diff := cmp.Diff(c.reasons, got.Reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

// ago is how a time is printed.
func ago(d time.Duration) string { return start.Add(-d).UTC().Format(time.RFC3339) }
