// Package facts turns what AWS describes into flat lists that can be compared, and copies what is described into what is
// created. Both go over the fields of the SDK's types, whatever they are: a field that a service gets tomorrow is copied
// and compared without anybody having to think of it.
package facts

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Facts is a description as paths and values, e.g. "listener/443/SslPolicy" → "ELBSecurityPolicy-TLS13-1-2-2021-06".
type Facts map[string]string

// Add flattens a value below a path. Fields named in drop are left out, at any depth: what tells a thing from its copy, and
// what only changes by itself.
func (f Facts) Add(path string, value any, drop ...string) {
	f.add(path, reflect.ValueOf(value), drop)
}

var timeType = reflect.TypeFor[time.Time]()

func (f Facts) add(path string, v reflect.Value, drop []string) {
	switch v.Kind() {
	case reflect.Invalid:
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			f.add(path, v.Elem(), drop)
		}
	case reflect.Struct:
		if v.Type() == timeType {
			f[path] = fmt.Sprint(v.Interface())
			return
		}
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && field.Name != "ResultMetadata" && !slices.Contains(drop, field.Name) {
				f.add(join(path, field.Name), v.Field(i), drop)
			}
		}
	case reflect.Slice:
		f.addList(path, v, drop)
	case reflect.Map:
		for _, key := range v.MapKeys() {
			at := join(path, key.String())
			f.add(at, v.MapIndex(key), drop)
			if v.MapIndex(key).Kind() == reflect.String {
				f[at] = v.MapIndex(key).String() // a tag without a value is there all the same
			}
		}
	case reflect.String:
		if v.Len() > 0 {
			f[path] = v.String()
		}
	default:
		f[path] = fmt.Sprint(v.Interface())
	}
}

// addList flattens a list. The order of plain texts says nothing in these APIs: security groups, zones, subnets.
func (f Facts) addList(path string, v reflect.Value, drop []string) {
	if v.Type().Elem().Kind() != reflect.String {
		for i := range v.Len() {
			f.add(fmt.Sprintf("%s[%d]", path, i), v.Index(i), drop)
		}
		return
	}
	texts := make([]string, v.Len())
	for i := range v.Len() {
		texts[i] = v.Index(i).String()
		if strings.Contains(texts[i], ",") {
			texts[i] = strconv.Quote(texts[i])
		}
	}
	sort.Strings(texts)
	if len(texts) > 0 {
		f[path] = strings.Join(texts, ",")
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// Put adds the facts of another description below a path.
func (f Facts) Put(path string, other Facts) {
	for k, v := range other {
		f[join(path, k)] = v
	}
}

// Rewrite replaces what names resources of one stack by what names those of another, in paths and values, but for the paths
// that skip says.
func (f Facts) Rewrite(names *strings.Replacer, skip func(path string) bool) Facts {
	out := Facts{}
	for k, v := range f {
		if skip(k) {
			out[k] = v
			continue
		}
		out[names.Replace(k)] = names.Replace(v)
	}
	return out
}

// Difference is a fact that is not the same in a copy.
type Difference struct {
	Path         string
	Source, Copy string
	Missing, New bool // in the copy
}

func (d Difference) String() string {
	switch {
	case d.Missing:
		return fmt.Sprintf("%s is missing (%s)", d.Path, d.Source)
	case d.New:
		return fmt.Sprintf("%s is new (%s)", d.Path, d.Copy)
	}
	return fmt.Sprintf("%s is %s, not %s", d.Path, d.Copy, d.Source)
}

// Compare lists what differs, by path.
func Compare(source, copied Facts) []Difference {
	var out []Difference
	for p, want := range source {
		if have, has := copied[p]; !has || have != want {
			out = append(out, Difference{Path: p, Source: want, Copy: have, Missing: !has})
		}
	}
	for p, have := range copied {
		if _, has := source[p]; !has {
			out = append(out, Difference{Path: p, Copy: have, New: true})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	return out
}
