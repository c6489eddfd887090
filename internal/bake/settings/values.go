package settings

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
)

// Age is a time span that may be as long as people keep things: written as "14d" or, like all others, as "36h".
type Age time.Duration

// Day is 24 hours, whatever the clocks do.
const Day = Age(24 * time.Hour)

// maxDays bounds an Age to a hundred years.
const maxDays = 36500

var days = pattern.Lazy(`^([0-9]{1,5})d$`)

// Set implements config.Setter.
func (a *Age) Set(value any) error {
	wrong := errors.New(`must be a time span such as "14d" or "36h"`)
	text, _ := value.(string)
	if match := days().FindStringSubmatch(text); match != nil {
		n, err := strconv.Atoi(match[1])
		if err != nil || n > maxDays {
			return wrong
		}
		*a = Age(n) * Day
		return nil
	}
	span, err := time.ParseDuration(text)
	if err != nil || span < 0 {
		return wrong
	}
	*a = Age(span)
	return nil
}

func (a Age) String() string {
	if a%Day == 0 {
		return strconv.FormatInt(int64(a/Day), 10) + "d"
	}
	return config.Span(time.Duration(a))
}

// Span is a as a time.Duration.
func (a Age) Span() time.Duration { return time.Duration(a) }

// Mode are the permissions of a file, as in chmod(2); written as "0644".
type Mode uint32

// Set implements config.Setter.
func (m *Mode) Set(value any) error {
	text, _ := value.(string)
	n, err := strconv.ParseUint(text, 8, 12)
	switch {
	case err != nil || len(text) < 3 || len(text) > 4 || n == 0:
		return errors.New(`must be permissions in octal digits, such as "0644"`)
	case n&^0o777 != 0:
		return errors.New("must have no setuid, setgid or sticky bit; a script can set them")
	}
	*m = Mode(n)
	return nil
}

func (m Mode) String() string { return fmt.Sprintf("%04o", uint32(m)) }
