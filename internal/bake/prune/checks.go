package prune

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Listed is the check of a list that an adapter makes: image id → its users, e.g. "i-1 (stopped)". They are shown after what
// they are, e.g. "instance", or as they are if what is "".
func Listed(name, what string, list func(context.Context) (map[string][]string, error)) Check {
	return Asked(name, what, func(ctx context.Context, _ []string) (map[string][]string, error) { return list(ctx) })
}

// Asked is Listed for an API that has to be told the images.
func Asked(name, what string, ask func(ctx context.Context, ids []string) (map[string][]string, error)) Check {
	return asked(name, strings.TrimSpace(what+" %s"), ask)
}

// Reports is the check of how other accounts use what is shared with them: image id → account ids. An image that is shared
// cannot be judged without it.
func Reports(read func(ctx context.Context, ids []string) (map[string][]string, error)) Check {
	c := asked("usage reports", "account %s (usage report)", read)
	c.Vital = func(i Image) bool { return len(i.SharedWith) > 0 }
	return c
}

func asked(name, format string, ask func(ctx context.Context, ids []string) (map[string][]string, error)) Check {
	return Check{Name: name, Find: func(ctx context.Context, ids []string) (map[string][]Use, error) {
		list, err := ask(ctx, ids)
		if err != nil {
			return nil, err
		}
		uses := map[string][]Use{}
		for image, users := range list {
			for _, user := range users {
				note(uses, image, format, user)
			}
		}
		return uses, nil
	}}
}

// Param is a parameter's value as it is now.
type Param struct{ Name, Value string }

// Params is the check of parameters that point at images. An image is used by every parameter whose value has its id in it.
func Params(list func(context.Context) ([]Param, error)) Check {
	return Check{Name: "parameters", Find: func(ctx context.Context, ids []string) (map[string][]Use, error) {
		params, err := list(ctx)
		if err != nil {
			return nil, err
		}
		uses := map[string][]Use{}
		for _, id := range ids {
			for _, p := range params {
				if strings.Contains(p.Value, id) {
					note(uses, id, "parameter %s", p.Name)
				}
			}
		}
		return uses, nil
	}}
}

// Run is a deployment, or a bake, as its journal has it.
type Run struct {
	ID     string
	Ended  bool     // there is nothing left to resume or to roll back
	Images []string // that it names

	Templates []string // ids of launch templates that it names
}

// Journal is the check of runs: what one of them names is in use until it has ended. What says what kind of runs they are,
// e.g. "deployment".
func Journal(what string, list func(context.Context) ([]Run, error)) Check {
	return Check{Name: what + "s", Find: func(ctx context.Context, _ []string) (map[string][]Use, error) {
		runs, err := list(ctx)
		if err != nil {
			return nil, err
		}
		uses := map[string][]Use{}
		for _, r := range runs {
			if r.Ended {
				continue
			}
			for _, image := range r.Images {
				note(uses, image, "%s %s of the journal", what, r.ID)
			}
		}
		return uses, nil
	}}
}

// alias is how a launch template names an image by a parameter.
const alias = "resolve:ssm:"

// resolver looks aliases up, each one once.
type resolver struct {
	resolve func(ctx context.Context, parameter string) (string, error)
	known   map[string]string
}

// image is the id that a launch gets now. An alias that nobody can resolve may stand for any image.
func (r *resolver) image(ctx context.Context, text string) (string, error) {
	parameter, ok := strings.CutPrefix(text, alias)
	if !ok {
		return text, nil
	}
	if r.resolve == nil {
		return "", fmt.Errorf("nothing resolves %s", text)
	}
	if id, ok := r.known[parameter]; ok {
		return id, nil
	}
	id, err := r.resolve(ctx, parameter)
	if err != nil {
		return "", fmt.Errorf("find out what %s names: %w", text, err)
	}
	r.known[parameter] = id
	return id, nil
}

// note adds a use once.
func note(uses map[string][]Use, image, format string, args ...any) {
	u := Use{fmt.Sprintf(format, args...)}
	if image != "" && !slices.Contains(uses[image], u) {
		uses[image] = append(uses[image], u)
	}
}
