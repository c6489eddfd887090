package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// literal is a value as it stands in a file.
func literal(value any) string {
	switch v := value.(type) {
	case string:
		return strconv.Quote(v)
	case float64:
		text := strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+"))
		if strings.Trim(text, "-0123456789") == "" {
			text += ".0" // or it would look like a whole number
		}
		return text
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case fmt.Stringer:
		return v.String()
	case []any:
		return list(v)
	case []map[string]any:
		return list(v)
	case map[string]any:
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, keyName(key)+" = "+literal(v[key]))
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	}
	return fmt.Sprint(value)
}

func list[T any](values []T) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, literal(v))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// keyName is a key as it stands in a file: in quotes if it has to.
func keyName(key string) string {
	bare := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
	}
	if key != "" && strings.IndexFunc(key, func(r rune) bool { return !bare(r) }) < 0 {
		return key
	}
	return strconv.Quote(key)
}
