package settings

import (
	"maps"
	"slices"
	"strings"

	"bluegreen/internal/config"
)

// tagPrefix begins the tags that are ours.
const tagPrefix = "bluegreen:"

// knownTags are the tags that may be obeyed, without their prefix.
var knownTags = []string{"app", "color", "image"}

// Await are the settings that only the instance's tags can bring, and do not, without their prefix: what the agent cannot run
// without, and what it can. Tags may come later than the instance.
func (s Settings) Await(tags map[string]string) (needed, wanted []string) {
	missing := func(name, value string) bool {
		return value == "" && slices.Contains(s.Tags, name) && tags[tagPrefix+name] == ""
	}
	if missing("app", s.App) {
		needed = append(needed, "app")
	}
	if missing("color", s.Color) {
		wanted = append(wanted, "color")
	}
	return needed, wanted
}

// WithTags puts the instance's tags over the settings, and checks that nothing is missing any more. Without any tag, give
// it nil.
//
// Whoever may tag an instance could otherwise make it run anything with the instance's role, so tags can do little: only
// those that the key tags allows are obeyed. "image" is not among them until it is added, and may then name another tag or
// digest, but no other repository. There is no tag that sets the app's environment: it would be one more way to run code,
// and tags are no place for what only the app should know. A tag that is passed over is noted and stops nobody; one that
// is obeyed is checked like a file.
func (s Settings) WithTags(tags map[string]string) (Settings, error) {
	faults := &config.Faults{File: "the instance's tags"}
	if len(tags) == 0 {
		faults.File = "the configuration"
	}
	s.Notes = slices.Clone(s.Notes)
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		name, ours := strings.CutPrefix(tag, tagPrefix)
		if !ours || tags[tag] == "" {
			continue
		}
		switch allowed := slices.Contains(s.Tags, name); {
		case allowed:
			faults.From(name, "tag "+tag)
			s.obey(faults, name, tags[tag])
		case slices.Contains(knownTags, name):
			s.Notes = append(s.Notes, "tag "+tag+" is passed over: tags does not list "+name)
		case strings.HasPrefix(name, "env:"):
			s.Notes = append(s.Notes, "tag "+tag+" is passed over: variables are set in files only")
		case name == "colour":
			s.Notes = append(s.Notes, "tag "+tag+" is passed over: it is spelled "+tagPrefix+"color")
		}
	}
	if s.App == "" && !faults.Has("app") {
		faults.Add("app", nil, "must be set in a file, or by the tag %sapp", tagPrefix)
	}
	s.validate(faults)
	return s, faults.Err()
}

func (s *Settings) obey(f *config.Faults, name, value string) {
	switch name {
	case "app":
		s.App = value
	case "color":
		s.Color = value
	case "image":
		image, err := ParseReference(value)
		switch {
		case err != nil:
			f.Add("image", value, "%v", err)
		case s.Image.Name() == "":
			f.Add("image", value, "a tag may choose a version of the image in a file, but %s names no repository", s.Image)
		case image.Name() != s.Image.Name():
			f.Add("image", value, "a tag may choose a version of the image in a file, but no other repository than %s", s.Image.Name())
		default:
			s.Image = image
		}
	}
}
