// Package config decodes strict TOML: unknown keys are errors, and all faults are reported at once, each with its path and
// value. What the settings mean is the business of the programs.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	File   string // where the value is from; "" when that is not known, or when there is one file only
	Path   string // "rollout.steps[1]"
	Value  string // what stands there; "" when nothing does
	Hidden bool   // something stands there that must not be shown
	Want   string // what should stand there
}

func (f Fault) String() string {
	switch {
	case f.Hidden:
		return fmt.Sprintf("%s: %s (what stands there is not shown)", f.Path, f.Want)
	case f.Value == "":
		return fmt.Sprintf("%s: %s", f.Path, f.Want)
	}
	return fmt.Sprintf("%s: %s (got %s)", f.Path, f.Want, f.Value)
}

// Concealed is a type of settings of which no fault shows a value: a person may have put a secret there by mistake.
type Concealed interface{ Conceal() }

// Setter is a type of settings that reads its own value, as TOML has it. The error says what should stand there.
type Setter interface{ Set(value any) error }

// Explainer is a table of settings that can say why it does not have a key; "" when there is nothing to say.
type Explainer interface{ Unknown(key string) string }

// Faults is all that is wrong with a configuration.
type Faults struct {
	File   string
	Faults []Fault

	check   Check
	reading string            // the file that is being decoded
	origins map[string]string // which file, or what else, has set the value at a path
}

func (f *Faults) Error() string {
	lines := make([]string, 0, len(f.Faults)+1)
	lines = append(lines, fmt.Sprintf("%s: %d faults", f.File, len(f.Faults)))
	if len(f.Faults) == 1 {
		lines[0] = f.File + ": 1 fault"
	}
	for _, fault := range f.Faults {
		line := fault.String()
		if fault.File != "" && fault.File != f.File {
			line = fault.File + ": " + line
		}
		lines = append(lines, "  "+line)
	}
	return strings.Join(lines, "\n")
}

// Add notes a fault. A value that is Concealed is not shown.
func (f *Faults) Add(path string, value any, want string, args ...any) {
	fault := Fault{File: f.origin(path), Path: path, Want: fmt.Sprintf(want, args...)}
	_, fault.Hidden = value.(Concealed)
	if value != nil && !fault.Hidden {
		fault.Value = literal(value)
	}
	f.Faults = append(f.Faults, fault)
}

// hidden stands for a value that must not be shown.
type hidden struct{}

func (hidden) Conceal() {}

// Load decodes a file into settings, a pointer to a struct that holds the defaults, and returns the faults found so far. A
// file that is no TOML at all is an error.
func Load(file string, settings any) (*Faults, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	table := map[string]any{}
	if err := toml.Unmarshal(text, &table); err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return nil, fmt.Errorf("%s: line %d: %s", file, parse.Position.Line, parse.Message)
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	faults := &Faults{File: file}
	faults.table("", reflect.ValueOf(settings).Elem(), table)
	return faults, nil
}

// Err is nil when there are no faults.
func (f *Faults) Err() error {
	if len(f.Faults) == 0 {
		return nil
	}
	return f
}

// Duration is a time span written as "90s" or "5m".
type Duration time.Duration

func (d Duration) String() string { return time.Duration(d).String() }

// Span is d as a time.Duration.
func (d Duration) Span() time.Duration { return time.Duration(d) }
