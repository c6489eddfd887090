package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// Check looks at a value before it is decoded, and says what should stand there instead; "" when nothing is wrong.
type Check func(path string, value any) (want string)

// Merge decodes files into settings, a pointer to a struct that holds the defaults, each over those before it: a key
// replaces the same key, a table is merged key by key, a list is replaced whole. The faults say in which file they are. A
// file that cannot be read, or is no TOML at all, is an error.
func Merge(settings any, check Check, files ...string) (*Faults, error) {
	faults := &Faults{File: "the configuration", check: check, origins: map[string]string{}}
	if len(files) == 1 {
		faults.File = files[0]
	}
	var unread []error
	for _, file := range files {
		table, err := read(file)
		if err != nil {
			unread = append(unread, err)
			continue
		}
		faults.reading = file
		faults.table("", reflect.ValueOf(settings).Elem(), table)
	}
	faults.reading = ""
	return faults, errors.Join(unread...)
}

// read is the table that a file is.
func read(file string) (map[string]any, error) {
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
	return table, nil
}

// From notes where the value at a path is from, for the faults that Add finds there.
func (f *Faults) From(path, origin string) {
	if f.origins == nil {
		f.origins = map[string]string{}
	}
	f.origins[path] = origin
}

// origin says where the value at a path is from, or the list that it is in; "" when that is not known.
func (f *Faults) origin(path string) string {
	if f.reading != "" {
		return f.reading
	}
	for {
		if from, ok := f.origins[path]; ok {
			return from
		}
		i := strings.LastIndexByte(path, '[')
		if i < 0 {
			return ""
		}
		path = path[:i]
	}
}

// Has says whether there is a fault at a path or below it.
func (f *Faults) Has(path string) bool {
	for _, fault := range f.Faults {
		below, ok := strings.CutPrefix(fault.Path, path)
		if ok && (below == "" || below[0] == '.' || below[0] == '[') {
			return true
		}
	}
	return false
}
