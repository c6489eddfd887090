package drain

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// BootID tells this boot from others.
func BootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("find out which boot this is: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// uptime is a clock that no change of the time of day moves, and that the next agent of this boot goes on with.
func uptime() (func() time.Duration, error) {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return nil, fmt.Errorf("find out how long this machine is up: %w", err)
	}
	start := time.Now() // has a monotonic reading
	passed, err := parseUptime(string(text))
	return func() time.Duration { return passed + time.Since(start) }, err
}

// parseUptime reads the first number of /proc/uptime, in seconds.
func parseUptime(text string) (time.Duration, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil || seconds < 0 {
		return 0, fmt.Errorf("find out how long this machine is up: /proc/uptime says %q", text)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
