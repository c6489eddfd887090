package config

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// The library's own decoder stops at the first value of a wrong type. A person who mends a file wants all of them.

// table puts a TOML table into a struct by its fields' toml tags.
func (f *Faults) table(path string, into reflect.Value, table map[string]any) {
	fields := map[string]reflect.Value{}
	for i := range into.NumField() {
		if tag := into.Type().Field(i).Tag.Get("toml"); tag != "" {
			fields[tag] = into.Field(i)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		at := Join(path, key)
		field, known := fields[key]
		if !known {
			f.unknown(at, into, key, slices.Sorted(maps.Keys(fields)))
			continue
		}
		f.value(at, field, table[key])
	}
}

// Join is the path of a key in a table.
func Join(path, key string) string { return strings.TrimPrefix(path+"."+keyName(key), ".") }

func (f *Faults) unknown(at string, table reflect.Value, key string, known []string) {
	if explainer, ok := table.Interface().(Explainer); ok {
		if why := explainer.Unknown(key); why != "" {
			f.Add(at, nil, "%s", why)
			return
		}
	}
	f.Add(at, nil, "unknown key; known here: %s", strings.Join(known, ", "))
}

var (
	durationType  = reflect.TypeFor[Duration]()
	spanType      = reflect.TypeFor[time.Duration]()
	concealedType = reflect.TypeFor[Concealed]()
)

// value puts one TOML value into a field.
func (f *Faults) value(path string, into reflect.Value, value any) {
	wrong := func(want string) {
		if conceals(into.Type()) {
			value = hidden{}
		}
		f.Add(path, value, "%s", want)
	}
	if f.check != nil {
		if want := f.check(path, value); want != "" {
			wrong(want)
			return
		}
	}
	if setter, ok := into.Addr().Interface().(Setter); ok {
		if err := setter.Set(value); err != nil {
			wrong(err.Error())
			return
		}
		f.set(path)
		return
	}
	if into.Type() == durationType || into.Type() == spanType {
		text, ok := value.(string)
		span, err := time.ParseDuration(text)
		if !ok || err != nil {
			wrong(`must be a time span such as "90s" or "5m"`)
			return
		}
		into.SetInt(int64(span))
		f.set(path)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		if table, ok := value.(map[string]any); ok {
			f.table(path, into, table)
			return
		}
		wrong("must be a table")
	case reflect.Map:
		if table, ok := value.(map[string]any); ok {
			f.entries(path, into, table)
			return
		}
		wrong("must be a table")
	case reflect.Slice:
		list, ok := elements(value)
		if !ok {
			wrong("must be a list")
			return
		}
		f.set(path)
		into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
		for i, v := range list {
			f.value(fmt.Sprintf("%s[%d]", path, i), into.Index(i), v)
		}
	default:
		f.scalar(into, value, wrong)
		f.set(path)
	}
}

// entries puts a table into a map, over the entries that are there. The map of the defaults stays as it is.
func (f *Faults) entries(path string, into reflect.Value, table map[string]any) {
	merged := reflect.MakeMap(into.Type())
	for _, key := range into.MapKeys() {
		merged.SetMapIndex(key, into.MapIndex(key))
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		entry := reflect.New(into.Type().Elem()).Elem()
		if there := merged.MapIndex(reflect.ValueOf(key)); there.IsValid() {
			entry.Set(there)
		}
		f.value(Join(path, key), entry, table[key])
		merged.SetMapIndex(reflect.ValueOf(key), entry)
	}
	into.Set(merged)
}

// set notes that the file that is being read has set a value. A list is set as a whole.
func (f *Faults) set(path string) {
	if f.reading == "" {
		return
	}
	maps.DeleteFunc(f.origins, func(at, _ string) bool { return strings.HasPrefix(at, path+"[") })
	f.origins[path] = f.reading
}

// conceals says whether values of a type may have something in them that must not be shown.
func conceals(t reflect.Type) bool {
	if t.Implements(concealedType) || reflect.PointerTo(t).Implements(concealedType) {
		return true
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return conceals(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).Tag.Get("toml") != "" && conceals(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// elements are those of a list, be it written [1, 2] or as tables [[x]].
func elements(value any) ([]any, bool) {
	tables, ok := value.([]map[string]any)
	if !ok {
		list, ok := value.([]any)
		return list, ok
	}
	list := make([]any, len(tables))
	for i, t := range tables {
		list[i] = t
	}
	return list, true
}

func (f *Faults) scalar(into reflect.Value, value any, wrong func(want string)) {
	switch into.Kind() {
	case reflect.String:
		if v, ok := value.(string); ok {
			into.SetString(v)
			return
		}
		wrong("must be a text in quotes")
	case reflect.Bool:
		if v, ok := value.(bool); ok {
			into.SetBool(v)
			return
		}
		wrong("must be true or false")
	case reflect.Int:
		if v, ok := value.(int64); ok {
			into.SetInt(v)
			return
		}
		wrong("must be a whole number")
	case reflect.Float64:
		switch v := value.(type) {
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) { // no bound would hold against it
				wrong("must be a number")
				return
			}
			into.SetFloat(v)
		case int64:
			into.SetFloat(float64(v))
		default:
			wrong("must be a number")
		}
	default:
		panic("config: no TOML for a field of type " + into.Type().String())
	}
}
