package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bluegreen/internal/aws/awserr"
	"bluegreen/internal/aws/params"
	"bluegreen/internal/step"
)

// Params is a step.Store in Parameter Store.
type Params struct {
	client *params.Client
	root   string // "/bluegreen/APP"
}

// InParams keeps the journal of an app in Parameter Store.
func InParams(client *params.Client, app string) *Params {
	return &Params{client: client, root: "/bluegreen/" + app}
}

func (p *Params) runPath(run string) string { return p.root + "/deployments/" + run }

// Append stores a record in as many parameters as it needs. It is complete when its last part is there. The first part
// stands at the record's own place however many follow, so that two writers always meet there.
func (p *Params) Append(ctx context.Context, r step.Record) error {
	text, err := encode(r)
	if err != nil {
		return err
	}
	for i, part := range split(text, params.MaxValue) {
		name := fmt.Sprintf("%s/%06d/%06d", p.runPath(r.Run), r.Epoch, r.Seq)
		if i > 0 {
			name += fmt.Sprintf(".%d", i+1)
		}
		if err := p.create(ctx, name, part); err != nil {
			return err
		}
	}
	return nil
}

// create writes a parameter once. If it exists with this very value, then the reply to our own write was lost.
func (p *Params) create(ctx context.Context, name, value string) error {
	_, err := p.client.Create(ctx, name, value)
	if !errors.Is(err, awserr.ErrExists) {
		return err
	}
	there, err := p.client.Get(ctx, name)
	if err != nil {
		return err
	}
	if there.Value != value {
		return fmt.Errorf("write %s: %w", name, ErrTaken)
	}
	return nil
}

// split cuts a text into parts of at most size bytes, never inside a UTF-8 sequence.
func split(text string, size int) []string {
	var parts []string
	for len(text) > size {
		cut := size
		for cut > 0 && text[cut]&0xc0 == 0x80 {
			cut--
		}
		parts, text = append(parts, text[:cut]), text[cut:]
	}
	return append(parts, text)
}

// Latest reads the newest complete record of a run.
func (p *Params) Latest(ctx context.Context, run string) (step.Record, error) {
	found, err := p.client.List(ctx, p.runPath(run))
	if err != nil {
		return step.Record{}, err
	}
	text, _, ok := newest(found)
	if !ok {
		return step.Record{}, fmt.Errorf("%s: %w", run, step.ErrNoRun)
	}
	return decode(text)
}

// Trim removes all records of a run but the newest. An account has room for 10,000 parameters, and a deployment writes dozens.
func (p *Params) Trim(ctx context.Context, run string) error {
	found, err := p.client.List(ctx, p.runPath(run))
	if err != nil {
		return err
	}
	_, last, ok := newest(found)
	if !ok {
		return nil
	}
	var names []string
	for _, f := range found {
		if at, _, valid := parsePlace(f.Name); valid && at.compare(last) < 0 {
			names = append(names, f.Name)
		}
	}
	return p.client.Delete(ctx, names...)
}

// place is where a record stands within a run.
type place struct{ epoch, seq int }

func (a place) compare(b place) int {
	return cmp.Or(cmp.Compare(a.epoch, b.epoch), cmp.Compare(a.seq, b.seq))
}

// parsePlace reads where a parameter belongs; its parts are counted from 1.
func parsePlace(name string) (at place, part int, ok bool) {
	labels := strings.Split(name, "/")
	if len(labels) < 2 {
		return place{}, 0, false
	}
	seq, more, split := strings.Cut(labels[len(labels)-1], ".")
	var errs [3]error
	at.epoch, errs[0] = strconv.Atoi(labels[len(labels)-2])
	at.seq, errs[1] = strconv.Atoi(seq)
	if part = 1; split {
		part, errs[2] = strconv.Atoi(more)
	}
	return at, part, errors.Join(errs[:]...) == nil
}

// newest joins the parts of the newest record that is complete: of one that was cut off, the record before it counts. The
// begin of a JSON object is never one itself, so the text tells whether it is whole.
func newest(found []params.Param) (text string, at place, ok bool) {
	records := map[place]map[int]string{}
	for _, f := range found {
		at, part, valid := parsePlace(f.Name)
		if !valid {
			continue
		}
		if records[at] == nil {
			records[at] = map[int]string{}
		}
		records[at][part] = f.Value
	}
	places := slices.SortedFunc(maps.Keys(records), place.compare)
	for _, at := range slices.Backward(places) {
		text = ""
		for part := 1; records[at][part] != ""; part++ {
			text += records[at][part]
		}
		if json.Valid([]byte(text)) {
			return text, at, true
		}
	}
	return "", place{}, false
}
