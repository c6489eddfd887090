// Package secret gets the app's secrets and keeps them where they are gone when the instance is: in files in memory, on a
// tmpfs that the container is shown, and, only if asked for, in variables, which Docker writes to its own files. It looks for
// new versions, and says when there are some.
//
// Beside the files it notes which versions they hold, so that an agent that starts while AWS cannot be reached goes on with
// what is there. No value is in any error or log.
package secret

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"bluegreen/internal/aws/sealed"
	"bluegreen/internal/pattern"
)

// Value is a secret as it is now.
type Value struct {
	Text    sealed.Text
	Version string // never empty once it was fetched, and another one whenever the text is; it may be another one although the text is not
}

// Secret is one that the app gets: as a file, as a variable of its name, or both.
type Secret struct {
	From  string // where it is kept, for people, and to know whether a file on disk is of the same secret
	Fetch func(context.Context) (Value, error)
	File  string // name in the directory; none when empty
	Env   bool
	// Restart says that a new text needs a new container; it does for variables.
	Restart bool
	Refresh time.Duration // how often to look for a new text; never when zero
}

// Options of a Keeper.
type Options struct {
	Dir     string // for the files; on a tmpfs, and nobody else's
	Secrets map[string]Secret
	// Memory says whether a directory is on a file system that is in memory; by statfs when nil.
	Memory func(dir string) (bool, error)
	Rand   func() float64 // in [0, 1); the global source when nil
	Log    *slog.Logger   // nothing is logged when nil
}

// Access is who may read a file.
type Access struct {
	UID, GID int
	Mode     fs.FileMode // 0400 when zero
}

// Keeper keeps secrets. It is safe for concurrent use.
type Keeper struct {
	options Options
	writing sync.Mutex // held while files are written

	mu     sync.Mutex
	held   map[string]held
	noted  map[string]record        // by the agent before this one
	access func(name string) Access // as in the last Write
	redact *redactor
}

// held is a secret that is known.
type held struct {
	value Value
	old   bool // not fetched by this process: it was in a file
	at    time.Time
}

var fileName = pattern.Lazy(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)

// New makes a keeper that knows nothing yet.
func New(o Options) (*Keeper, error) {
	files := map[string]string{}
	for name, s := range o.Secrets {
		switch other, twice := files[s.File]; {
		case s.Fetch == nil:
			return nil, fmt.Errorf("secret %s: there is no way to get it", name)
		case s.File == "":
			continue
		case !fileName().MatchString(s.File):
			return nil, fmt.Errorf("secret %s: %q is not the name of a file", name, s.File)
		case twice:
			return nil, fmt.Errorf("secrets %s and %s have the same file %s", other, name, s.File)
		}
		files[s.File] = name
	}
	if len(files) > 0 && !filepath.IsAbs(o.Dir) {
		return nil, errors.New("secrets with files need a directory")
	}
	if o.Memory == nil {
		o.Memory = inMemory
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{options: o, held: map[string]held{}, redact: newRedactor()}
	k.noted = k.readNotes()
	return k, nil
}

// HasFiles says whether the app is to be shown the directory.
func (k *Keeper) HasFiles() bool {
	for _, s := range k.options.Secrets {
		if s.File != "" {
			return true
		}
	}
	return false
}

// Versions are what tells those secrets whose change takes a new container from those before them, by name: it belongs into
// the hash of the container's configuration. That is where a secret is from, and its version if it is looked for new ones:
// otherwise an agent that starts would be what replaces the container, on all instances where it is upgraded. Secrets that an
// app reads anew have none, or it would be replaced all the same.
func (k *Keeper) Versions() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	versions := map[string]string{}
	for name, h := range k.held {
		switch s := k.options.Secrets[name]; {
		case !s.Restart && !s.Env:
		case s.Refresh == 0:
			versions[name] = s.From
		default:
			versions[name] = s.From + " " + h.value.Version
		}
	}
	return versions
}

// Env are the values of those secrets that are variables, by name. Whoever calls it answers for where they go.
func (k *Keeper) Env() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	env := map[string]string{}
	for name, h := range k.held {
		if k.options.Secrets[name].Env {
			env[name] = h.value.Text.Reveal()
		}
	}
	return env
}

// Redact replaces all that is known to be secret in a text, now or before.
func (k *Keeper) Redact(text string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.redact.redact(text)
}

// keep takes in a value, and says whether its text is another one than before. While it is not, neither is its version: other
// texts of the same secret may have changed, or somebody has stored the same one again.
func (k *Keeper) keep(name string, v Value) (changed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before, known := k.held[name]
	switch n, noted := k.noted[name]; {
	case known && before.value.Version != "" && before.value.Text.Equal(v.Text):
		v.Version = before.value.Version
	case !known && noted && n.From == k.options.Secrets[name].From && n.of(v.Text):
		v.Version = n.Version
	}
	k.held[name] = held{value: v, at: time.Now()}
	k.redact.add(v.Text.Reveal())
	return known && !before.value.Text.Equal(v.Text)
}
