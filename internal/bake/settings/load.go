package settings

import (
	"fmt"
	"path/filepath"
	"strings"

	"bluegreen/internal/config"
	"bluegreen/internal/pattern"
)

// Load reads a file and checks it. All faults come back in one error, a *config.Faults. Paths in it that are relative are
// relative to its folder.
func Load(file string) (Settings, error) {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return Settings{}, fmt.Errorf("read the configuration: %w", err)
	}
	s := Default()
	faults, err := config.Merge(&s, unexpanded, file)
	if err != nil {
		return Settings{}, err
	}
	s.complete(dir)
	s.validate(faults)
	return s, faults.Err()
}

// complete fills in what follows from the rest.
func (s *Settings) complete(dir string) {
	if s.Base == (Base{}) {
		s.Base.Parameter = DefaultParameter
	}
	if s.Base.Filter != (Filter{}) && s.Base.Filter.Architecture == "" {
		s.Base.Filter.Architecture = "x86_64"
	}
	if s.Verify.InstanceType == "" {
		s.Verify.InstanceType = s.Build.InstanceType
	}
	if s.Promote.Parameter == "" && s.App != "" {
		s.Promote.Parameter = "/bluegreen/" + s.App + "/ami"
	}
	s.Staging.Prefix = strings.Trim(s.Staging.Prefix, "/")
	local := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	local(&s.Agent.Package)
	local(&s.Agent.Settings)
	for i := range s.Build.Files {
		local(&s.Build.Files[i].Source)
	}
	for i := range s.Build.Scripts {
		local(&s.Build.Scripts[i])
	}
}

var (
	braces    = pattern.Lazy(`\{\{.*?\}\}|<no value>`)
	variables = pattern.Lazy(`\$\{[^}]*\}|\$\([^)]*\)|\$[A-Z_][A-Z0-9_]+`)
)

// unexpanded says so if a value waits for somebody to fill it in.
func unexpanded(_ string, value any) string {
	text, _ := value.(string)
	switch {
	case braces().MatchString(text):
		return "must be the value itself: this is a template that nobody filled in"
	case variables().MatchString(text):
		return "must be the value itself: nobody expands variables here"
	}
	return ""
}
