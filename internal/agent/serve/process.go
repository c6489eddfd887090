package serve

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// processMetrics is what the agent itself takes. What the kernel does not tell is left out.
func processMetrics() (all []family) {
	add := func(name, help, kind string, value float64) {
		all = append(all, family{namespace + "_process_" + name, help, kind, []series{{value: value}}})
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err == nil {
		seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
		add("cpu_seconds_total", "CPU time that the agent has used.", "counter", seconds(usage.Utime)+seconds(usage.Stime))
	}
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := strings.Fields(string(text)); len(f) > 1 {
			if pages, err := strconv.ParseFloat(f[1], 64); err == nil {
				add("resident_memory_bytes", "Memory that the agent has.", "gauge", pages*float64(os.Getpagesize()))
			}
		}
	}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		add("open_fds", "Files and sockets that the agent has open.", "gauge", float64(len(fds)))
	}
	return all
}
