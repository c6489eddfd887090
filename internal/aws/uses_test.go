package aws_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/params"
	"bluegreen/internal/aws/references"
	"bluegreen/internal/aws/template"
	"bluegreen/internal/sandbox/wire"
)

func TestReferences(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		v1, v2 := k.made.Images["v1"], k.made.Images["v2"]
		blue, err := k.Groups.Get(ctx, "shop-blue-asg")
		if err != nil {
			t.Fatal(err)
		}
		source, err := k.b.Templates.Get(ctx, blue.TemplateID, "1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.b.Params.Overwrite(ctx, "/bluegreen/shop/ami", v2); err != nil {
			t.Fatal(err)
		}
		second, err := k.b.Templates.Derive(ctx, source, template.Change{Image: "resolve:ssm:/bluegreen/shop/ami"}, "t")
		if err != nil {
			t.Fatal(err)
		}
		if err := k.b.Templates.MakeDefault(ctx, second); err != nil {
			t.Fatal(err)
		}
		if got, err := k.b.Templates.Get(ctx, blue.TemplateID, "$Default"); err != nil || got.Number != second.Number || got.Image != v2 {
			t.Errorf("the default is %+v, %v", got, err)
		}

		versions, err := k.b.References.Versions(ctx)
		if err != nil {
			t.Fatal(err)
		}
		versions = slices.DeleteFunc(versions, func(v references.Version) bool { return v.Template != blue.TemplateID })
		slices.SortFunc(versions, func(a, b references.Version) int { return cmp.Compare(a.Number, b.Number) })
		if len(versions) != 2 || versions[0].Image != v1 || versions[0].Default || versions[0].Latest ||
			versions[1].Image != v2 || !versions[1].Default || !versions[1].Latest || versions[1].Description != "t" || versions[1].Name == "" {
			t.Errorf("versions: %+v", versions)
		}
		instances, err := k.b.References.Instances(ctx)
		var want []string
		for _, i := range blue.Instances {
			want = append(want, i.ID)
		}
		slices.Sort(want)
		slices.Sort(instances[v1])
		if diff := gocmp.Diff(map[string][]string{v1: want}, instances); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		reported, err := k.b.References.Reported(ctx, []string{v1, v2, k.made.Images["v3"]})
		if err != nil {
			t.Fatal(err)
		}
		for id, kinds := range map[string][]string{v1: {"ec2:Instance"}, v2: {"ssm:Parameter"}} {
			for _, kind := range kinds {
				if !slices.ContainsFunc(reported[id], func(use string) bool { return strings.HasPrefix(use, kind+" arn:") }) {
					t.Errorf("no %s uses %s: %v", kind, id, reported[id])
				}
			}
		}
		if len(reported[k.made.Images["v3"]]) > 0 {
			t.Errorf("an image that nobody uses: %v", reported)
		}
		k.sb.Front.Faults.Add(wire.Fault{Service: "ec2", Operation: "DescribeImageReferences", Nth: 1, Times: -1, Code: "UnauthorizedOperation", Action: wire.ActionError})
		if got, err := k.b.References.Reported(ctx, []string{v1}); got != nil || !errors.Is(err, awserr.ErrDenied) {
			t.Errorf("without the right: %v, %v", got, err)
		}
	})
}

func TestHistory(t *testing.T) {
	inKitchen(t, func(ctx context.Context, t *testing.T, k *kitchen) {
		var want []params.Param
		for n := range 70 { // two pages
			value := strings.Repeat("x", n+1)
			version, err := k.b.Params.Overwrite(ctx, "/bluegreen/shop/ami", value)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, params.Param{Name: "/bluegreen/shop/ami", Value: value, Version: version})
		}
		written, err := k.b.Params.History(ctx, "/bluegreen/shop/ami")
		var got []params.Param
		for _, w := range written {
			if w.At.IsZero() || w.By == "" {
				t.Errorf("written %+v", w)
			}
			got = append(got, w.Param)
		}
		if diff := gocmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if _, err := k.b.Params.History(ctx, "/none"); !errors.Is(err, awserr.ErrNotFound) {
			t.Errorf("none: %v", err)
		}
	})
}
