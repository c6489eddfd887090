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
		at := strings.TrimPrefix(path+"."+keyName(key), ".")
		field, known := fields[key]
		if !known {
			f.Add(at, nil, "unknown key; known here: %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
			continue
		}
		f.value(at, field, table[key])
	}
}

var durationType = reflect.TypeFor[Duration]()

// value puts one TOML value into a field.
func (f *Faults) value(path string, into reflect.Value, value any) {
	wrong := func(want string) { f.Add(path, value, "%s", want) }
	if into.Type() == durationType {
		text, ok := value.(string)
		span, err := time.ParseDuration(text)
		if !ok || err != nil {
			wrong(`must be a time span such as "90s" or "5m"`)
			return
		}
		into.SetInt(int64(span))
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		if table, ok := value.(map[string]any); ok {
			f.table(path, into, table)
			return
		}
		wrong("must be a table")
	case reflect.Slice:
		list, ok := elements(value)
		if !ok {
			wrong("must be a list")
			return
		}
		into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
		for i, v := range list {
			f.value(fmt.Sprintf("%s[%d]", path, i), into.Index(i), v)
		}
	default:
		f.scalar(into, value, wrong)
	}
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
