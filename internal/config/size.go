package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written as "512MiB" or "1.5GiB".
type Size int64

// The units of a Size.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
	TiB Size = 1 << 40
)

// units are in the order in which String tries them.
var units = []struct {
	name string
	size Size
}{{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", 1}}

func (s Size) String() string {
	for _, u := range units {
		if s%u.size == 0 && (s != 0 || u.size == 1) {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return "" // unreachable: every number is a multiple of 1
}

// Bytes is s as a plain number.
func (s Size) Bytes() int64 { return int64(s) }

// ParseSize reads a Size. Only units of 1024 are known: "512m" and "512MB" mean different things to different tools.
func ParseSize(text string) (Size, error) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n >= 0 && n <= math.MaxInt64/int64(u.size) && digits[0] != '+' {
			return Size(n) * u.size, nil
		}
		n, err := strconv.ParseFloat(digits, 64)
		if bytes := n * float64(u.size); err == nil && strings.Trim(digits, "0123456789.") == "" && bytes < math.MaxInt64 {
			return Size(bytes), nil
		}
		break
	}
	return 0, errors.New(`must be a size such as "512MiB" or "1.5GiB"`)
}

// Set implements Setter.
func (s *Size) Set(value any) error {
	text, _ := value.(string)
	size, err := ParseSize(text)
	if err != nil {
		return err
	}
	*s = size
	return nil
}
