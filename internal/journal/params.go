package journal

import (
	"context"
	"errors"
	"fmt"
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

// Append stores a record in as many parameters as it needs. It is complete when its last part is there.
func (p *Params) Append(ctx context.Context, r step.Record) error {
	text, err := encode(r)
	if err != nil {
		return err
	}
	parts := split(text, params.MaxValue)
	for i, part := range parts {
		name := fmt.Sprintf("%s/%06d/%06d", p.runPath(r.Run), r.Epoch, r.Seq)
		if len(parts) > 1 {
			name += fmt.Sprintf(".%dof%d", i+1, len(parts))
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
	text, ok := newest(found)
	if !ok {
		return step.Record{}, fmt.Errorf("%s: %w", run, step.ErrNoRun)
	}
	return decode(text)
}

// place is where a parameter stands within a run.
type place struct{ epoch, seq, part, of int }

func parsePlace(name string) (place, bool) {
	labels := strings.Split(name, "/")
	if len(labels) < 2 {
		return place{}, false
	}
	pl := place{part: 1, of: 1}
	seq, parts, split := strings.Cut(labels[len(labels)-1], ".")
	if split {
		if _, err := fmt.Sscanf(parts, "%dof%d", &pl.part, &pl.of); err != nil {
			return place{}, false
		}
	}
	var errEpoch, errSeq error
	pl.epoch, errEpoch = strconv.Atoi(labels[len(labels)-2])
	pl.seq, errSeq = strconv.Atoi(seq)
	return pl, errEpoch == nil && errSeq == nil
}

// newest joins the parts of the newest record that is complete: of one that was cut off, the record before it counts.
func newest(found []params.Param) (text string, ok bool) {
	type key struct{ epoch, seq int }
	records := map[key][]string{}
	for _, f := range found {
		pl, valid := parsePlace(f.Name)
		if !valid || pl.part < 1 || pl.part > pl.of {
			continue
		}
		k := key{pl.epoch, pl.seq}
		if len(records[k]) != pl.of {
			records[k] = make([]string, pl.of)
		}
		records[k][pl.part-1] = f.Value
	}
	var best key
	for k, parts := range records {
		complete := !slices.Contains(parts, "")
		newer := !ok || k.epoch > best.epoch || k.epoch == best.epoch && k.seq > best.seq
		if complete && newer {
			best, ok = k, true
		}
	}
	return strings.Join(records[best], ""), ok
}
