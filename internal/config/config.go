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
	Path  string // "rollout.steps[1]"
	Value string // what stands there; "" when nothing does
	Want  string // what should stand there
}

func (f Fault) String() string {
	if f.Value == "" {
		return fmt.Sprintf("%s: %s", f.Path, f.Want)
	}
	return fmt.Sprintf("%s: %s (got %s)", f.Path, f.Want, f.Value)
}

// Faults is all that is wrong with a configuration.
type Faults struct {
	File   string
	Faults []Fault
}

func (f *Faults) Error() string {
	lines := make([]string, 0, len(f.Faults)+1)
	lines = append(lines, fmt.Sprintf("%s: %d faults", f.File, len(f.Faults)))
	if len(f.Faults) == 1 {
		lines[0] = f.File + ": 1 fault"
	}
	for _, fault := range f.Faults {
		lines = append(lines, "  "+fault.String())
	}
	return strings.Join(lines, "\n")
}

// Add notes a fault.
func (f *Faults) Add(path string, value any, want string, args ...any) {
	text := ""
	if value != nil {
		text = literal(value)
	}
	f.Faults = append(f.Faults, Fault{Path: path, Value: text, Want: fmt.Sprintf(want, args...)})
}

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
