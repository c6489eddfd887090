package serve

import (
	"slices"
	"time"
)

// gaugesOf says how things stand. What is not known has no value.
func gaugesOf(s *Status) []family {
	gauge := func(name, help string, values ...series) family {
		return family{namespace + "_" + name, help, "gauge", values}
	}
	value := func(v float64) series { return series{value: v} }
	all := []family{
		gauge("up", "1: the agent answers.", value(1)),
		gauge("healthy", "1 if the app is ready for traffic.", value(truth(s.Health.Ready))),
		gauge("draining", "1 if the app is to get no more traffic.", value(truth(s.Health.Status == "draining"))),
		gauge("verdict_age_seconds", "Since the last probe with an answer.", value(float64(s.Health.AgeMS)/1000)),
		gauge("start_time_seconds", "When the agent started.", moment(s.Agent.Started)...),
		gauge("last_error_time_seconds", "When the agent last met an error.", moment(lastError(s))...),
		gauge("app_info", "What runs here.", series{value: 1, labels: []label{
			{"app", s.App}, {"color", s.Color}, {"config", s.Config}, {"digest", s.Image.Digest}, {"instance", s.Instance}, {"version", s.Version},
		}}),
		gauge("build_info", "The agent's version.", series{value: 1, labels: []label{{"version", s.Agent.Version}}}),
	}
	if !s.Image.Created.IsZero() {
		all = append(all, gauge("image_age_seconds", "Since the app's image was built.", value(s.Now.Sub(s.Image.Created).Seconds())))
	}
	phase := gauge("phase", "1 for the phase that the agent is in.")
	for _, p := range slices.Sorted(slices.Values(phases)) {
		phase.series = append(phase.series, series{value: truth(s.Phase == p), labels: []label{{"phase", string(p)}}})
	}
	all = append(all, phase)
	if s.Container == nil || s.Container.Usage == nil {
		return all
	}
	u := s.Container.Usage
	return append(all,
		gauge("container_memory_bytes", "Memory that the container uses, without what the kernel would give back.", value(float64(u.Memory))),
		gauge("container_memory_limit_bytes", "Memory that it may use; 0 for no limit.", value(float64(u.MemoryLimit))),
		family{namespace + "_container_cpu_seconds_total", "CPU time that it has used since it was started.", "counter", []series{value(u.CPUSeconds)}},
		gauge("container_pids", "Processes and threads in it.", value(float64(u.PIDs))),
	)
}

// moment is a time in seconds since 1970; none if it is not known.
func moment(t time.Time) []series {
	if t.IsZero() {
		return nil
	}
	return []series{{value: float64(t.UnixMilli()) / 1000}}
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func lastError(s *Status) time.Time {
	if len(s.Errors) == 0 {
		return time.Time{}
	}
	return s.Errors[0].Time
}
