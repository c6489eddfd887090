package settings

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
)

// logDriver is one of Docker's, with the options that it may have here.
type logDriver struct {
	defaults map[string]string
	options  []string // beside those with a default
	needs    []string
}

// rotation bounds what a log takes of the disk: Docker's json-file does not do it by itself.
var rotation = map[string]string{"max-size": "10m", "max-file": "5"}

// unblocking drops lines when the log cannot keep up, instead of stopping the app in the middle of a write.
var unblocking = map[string]string{"mode": "non-blocking", "max-buffer-size": "4m"}

var logDrivers = map[string]logDriver{
	"local":     {defaults: rotation, options: []string{"compress", "mode", "max-buffer-size"}},
	"json-file": {defaults: rotation, options: []string{"compress", "mode", "max-buffer-size", "tag", "labels", "labels-regex"}},
	"journald":  {options: []string{"mode", "max-buffer-size", "tag", "labels", "labels-regex"}},
	"awslogs": {
		defaults: unblocking,
		options: []string{
			"awslogs-region", "awslogs-endpoint", "awslogs-group", "awslogs-stream", "awslogs-create-group",
			"awslogs-datetime-format", "awslogs-multiline-pattern", "awslogs-force-flush-interval-seconds",
			"awslogs-max-buffered-events", "awslogs-format", "tag",
		},
		needs: []string{"awslogs-group"},
	},
}

// refusedDrivers are those of Docker that people may miss.
var refusedDrivers = map[string]string{
	"none":    "is refused: nobody could see why the app fails",
	"syslog":  "is refused: a remote that does not answer stops the app. Use journald, and forward from there",
	"gelf":    "is refused: `docker logs` shows nothing of it. Use journald or local, and forward from there",
	"fluentd": "is refused: the app does not start when nobody answers. Use journald or local, and forward from there",
	"splunk":  "is refused: its token would stand in Docker's own files. Use journald or local, and forward from there",
	"gcplogs": "is refused: this is AWS. Use awslogs",
	"etwlogs": "is refused: this is not Windows",
}

// completeLog fills in what bounds a log.
func (s *Settings) completeLog() {
	options := maps.Clone(logDrivers[s.Log.Driver].defaults)
	if options == nil {
		options = map[string]string{}
	}
	maps.Copy(options, s.Log.Options)
	s.Log.Options = options
}

var (
	logSize  = pattern.Lazy(`^[1-9][0-9]{0,9}[kmg]$`)
	boolText = pattern.Lazy(`^(true|false)$`)
	number   = pattern.Lazy(`^[1-9][0-9]{0,6}$`)
	logMode  = pattern.Lazy(`^(blocking|non-blocking)$`)
)

// optionValues are the options of which we know what they may be.
var optionValues = map[string]struct {
	form pattern.Func
	want string
}{
	"max-size":                             {logSize, `must be a size in Docker's way, such as "10m"; there is no way to have no limit`},
	"max-buffer-size":                      {logSize, `must be a size in Docker's way, such as "4m"`},
	"compress":                             {boolText, `must be "true" or "false"`},
	"awslogs-create-group":                 {boolText, `must be "true" or "false"`},
	"mode":                                 {logMode, `must be "blocking" or "non-blocking"`},
	"awslogs-region":                       {region, `must be a region, such as "eu-west-1"`},
	"awslogs-force-flush-interval-seconds": {number, "must be a number in quotes"},
	"awslogs-max-buffered-events":          {number, "must be a number in quotes"},
}

func (s *Settings) validateLog(c checker) {
	driver, known := logDrivers[s.Log.Driver]
	if !known {
		if why := refusedDrivers[s.Log.Driver]; why != "" {
			c.fault("log.driver", s.Log.Driver, "%s", why)
			return
		}
		c.oneOf("log.driver", s.Log.Driver, slices.Sorted(maps.Keys(logDrivers))...)
		return
	}
	for _, name := range driver.needs {
		if s.Log.Options[name] == "" {
			c.fault(config.Join("log.options", name), nil, "must be set when log.driver = %q", s.Log.Driver)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Log.Options)) {
		s.validateOption(c, driver, name, s.Log.Options[name])
	}
	if s.Log.Options["awslogs-datetime-format"] != "" && s.Log.Options["awslogs-multiline-pattern"] != "" {
		c.fault("log.options.awslogs-datetime-format", nil, "must not be set together with awslogs-multiline-pattern")
	}
	if s.Log.Options["max-buffer-size"] != "" && s.Log.Options["mode"] != "non-blocking" {
		c.fault("log.options.max-buffer-size", nil, `must not be set unless mode = "non-blocking"`)
	}
}

func (s *Settings) validateOption(c checker, driver logDriver, name, value string) {
	at := config.Join("log.options", name)
	_, standard := driver.defaults[name]
	switch {
	case name == "env" || name == "env-regex":
		c.fault(at, value, "is refused: it writes the app's environment into its log")
		return
	case !standard && !slices.Contains(driver.options, name):
		all := slices.Sorted(maps.Keys(driver.defaults))
		all = append(all, driver.options...)
		slices.Sort(all)
		c.fault(at, value, "is no option of %s; known here: %s", s.Log.Driver, strings.Join(all, ", "))
		return
	case value == "" || strings.ContainsAny(value, "\x00\n"):
		c.fault(at, value, "must be a text of one line")
		return
	}
	if known, ok := optionValues[name]; ok && !known.form().MatchString(value) {
		c.fault(at, value, "%s", known.want)
	}
	if name == "max-file" {
		if n, err := strconv.Atoi(value); err != nil || n < 2 || n > 1000 {
			c.fault(at, value, `must be a number in quotes, from "2" to "1000"`)
		}
	}
}
