package describe_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bluegreen/internal/config"
	"bluegreen/internal/config/describe"
	"bluegreen/internal/config/describe/describetest"
)

// shop is a configuration with each kind of key.
type shop struct {
	Name string `toml:"name"`
	Open struct {
		Every time.Duration `toml:"every"`
		Days  []string      `toml:"days"`
		Size  config.Size   `toml:"size"`
		Doors int           `toml:"doors"`
		Rate  float64       `toml:"rate"`
		Late  bool          `toml:"late"`
	} `toml:"open"`
	Staff map[string]struct {
		Wage int `toml:"wage"`
	} `toml:"staff"`
	Rooms []struct {
		Floor int `toml:"floor"`
	} `toml:"rooms"`

	Notes []string // no key
}

func book() describe.Book {
	var standard shop
	standard.Open.Every, standard.Open.Days, standard.Open.Size = 90*time.Minute, []string{"mon", "tue"}, 3*config.GiB
	standard.Open.Doors, standard.Open.Rate = 2, 0.5
	return describe.Book{
		Standard: standard, ReferenceHead: "# Shop\n", FileHead: "# The shop.\n",
		Headers: map[string]string{"staff.NAME": "#[staff.ann]\n", "rooms": "#[[rooms]]\n"},
		Sections: []describe.Section{
			{Text: "What it is.", Keys: []describe.Key{{Path: "name", Default: "required, see `name(1)`", Example: `"corner"`, Text: "its name"}}},
			{Name: "open", Text: "When `it` is open.", Keys: []describe.Key{
				{Path: "open.every", Text: "how often"}, {Path: "open.days", Text: "when"}, {Path: "open.size", Text: "how much"},
			}},
			{Name: "open", Text: "And how.", Keys: []describe.Key{
				{Path: "open.doors", Text: "doors"}, {Path: "open.rate", Text: "rate"},
				{Path: "open.late", Text: "whether, and here is a long text that does not fit into one line of the file any more, it is so late, very late indeed"},
			}},
			{Name: "staff.NAME", Text: "Who works there.", Keys: []describe.Key{{Path: "staff.NAME.wage", Default: "none", Example: "7", Text: "how much"}}},
			{Name: "rooms", Text: "Its rooms.", Keys: []describe.Key{{Path: "rooms.floor", Default: "`0`", Example: "1", Text: "where"}}},
		},
	}
}

func TestWhole(t *testing.T) {
	describetest.Whole(t, book(), map[string]string{"staff": "NAME"})
}

func TestReference(t *testing.T) {
	const want = "# Shop\n" +
		"\n## The app\n\nWhat it is.\n\n| key | default | is |\n|---|---|---|\n| `name` | required, see `name(1)` | its name |\n" +
		"\n## open\n\nWhen `it` is open.\n\n| key | default | is |\n|---|---|---|\n" +
		"| `open.every` | `\"1h30m\"` | how often |\n| `open.days` | `[\"mon\", \"tue\"]` | when |\n| `open.size` | `\"3GiB\"` | how much |\n" +
		"\nAnd how.\n\n| key | default | is |\n|---|---|---|\n| `open.doors` | `2` | doors |\n| `open.rate` | `0.5` | rate |\n" +
		"| `open.late` | `false` | whether, and here is a long text that does not fit into one line of the file any more, it is so late, very late indeed |\n" +
		"\n## staff\n\nWho works there.\n\n| key | default | is |\n|---|---|---|\n| `staff.NAME.wage` | none | how much |\n" +
		"\n## rooms\n\nIts rooms.\n\n| key | default | is |\n|---|---|---|\n| `rooms.floor` | `0` | where |\n"
	if diff := cmp.Diff(want, book().Reference()); diff != "" {
		t.Error(diff)
	}
}

func TestFile(t *testing.T) {
	const want = `# The shop.

## What it is.

# Its name. Default: required, see name(1).
#name = "corner"

## When it is open.
[open]

# How often.
#every = "1h30m"

# When.
#days = ["mon", "tue"]

# How much.
#size = "3GiB"

## And how.

# Doors.
#doors = 2

# Rate.
#rate = 0.5

# Whether, and here is a long text that does not fit into one line of the file any more, it is so late, very
# late indeed.
#late = false

## Who works there.
#[staff.ann]

# How much. Default: none.
#wage = 7

## Its rooms.
#[[rooms]]

# Where. Default: 0.
#floor = 1
`
	if diff := cmp.Diff(want, book().File()); diff != "" {
		t.Error(diff)
	}
}
