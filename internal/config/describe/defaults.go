package describe

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"bluegreen/internal/config"
)

// Defaults are those of Standard as TOML, by path. What has no fixed value, such as a table of the user's names, is not there.
func (b Book) Defaults() map[string]string {
	all := map[string]string{}
	collect("", reflect.ValueOf(b.Standard), all)
	return all
}

func collect(table string, v reflect.Value, into map[string]string) {
	for i := range v.NumField() {
		tag, field := v.Type().Field(i).Tag.Get("toml"), v.Field(i)
		if tag == "" {
			continue
		}
		path := config.Join(table, tag)
		if text, ok := literal(field); ok {
			into[path] = text
		} else if field.Kind() == reflect.Struct {
			collect(path, field, into)
		}
	}
}

// literal is a value as TOML has it.
func literal(v reflect.Value) (string, bool) {
	switch value := v.Interface().(type) {
	case time.Duration:
		return strconv.Quote(config.Span(value)), true
	case fmt.Stringer:
		return strconv.Quote(value.String()), true
	}
	switch v.Kind() {
	case reflect.String:
		return strconv.Quote(v.String()), true
	case reflect.Bool, reflect.Int, reflect.Float64:
		return fmt.Sprint(v.Interface()), true
	case reflect.Slice:
		all := make([]string, v.Len())
		for i := range all {
			text, ok := literal(v.Index(i))
			if !ok {
				return "", false
			}
			all[i] = text
		}
		return "[" + strings.Join(all, ", ") + "]", true
	}
	return "", false
}
