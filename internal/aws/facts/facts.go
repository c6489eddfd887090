// Package facts turns what AWS describes into flat lists that can be compared, and copies what is described into what is
// created. Both go over the fields of the SDK's types, whatever they are: a field that a service gets tomorrow is copied
// and compared without anybody having to think of it.
package facts

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
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
			f.add(join(path, key.String()), v.MapIndex(key), drop)
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

// Rewrite replaces names of one stack in all paths and values.
func (f Facts) Rewrite(names *strings.Replacer) Facts {
	out := Facts{}
	for k, v := range f {
		out[names.Replace(k)] = names.Replace(v)
	}
	return out
}

// Difference is a fact that is not the same in a copy.
type Difference struct{ Path, Source, Copy string }

func (d Difference) String() string {
	switch {
	case d.Copy == "":
		return fmt.Sprintf("%s is missing (%s)", d.Path, d.Source)
	case d.Source == "":
		return fmt.Sprintf("%s is new (%s)", d.Path, d.Copy)
	}
	return fmt.Sprintf("%s is %s, not %s", d.Path, d.Copy, d.Source)
}

// Compare lists what differs, by path.
func Compare(source, copied Facts) []Difference {
	paths := map[string]bool{}
	for p := range source {
		paths[p] = true
	}
	for p := range copied {
		paths[p] = true
	}
	var out []Difference
	for p := range paths {
		if source[p] != copied[p] {
			out = append(out, Difference{Path: p, Source: source[p], Copy: copied[p]})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	return out
}
