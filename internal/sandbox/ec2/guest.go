package ec2

import (
	"fmt"
	"strings"
	"time"

	"bluegreen/internal/sandbox/account"
)

// Guest is the script of an instance's software: what it prints on the console, and how it ends, step by step. It stands in
// for software that does not really run, so that the making of an image can be played through.
type Guest []Step

// Step is one thing that happens on an instance.
type Step struct {
	After time.Duration // since the step before, or since the instance has been running; of the account's time
	Print string        // a line on the console, or several; nothing when empty
	Do    Deed          // after it was printed
}

// Deed is what a step does to the instance.
type Deed string

// The deeds of a step. All of them end the script.
const (
	Fail     Deed = "fail"      // a command ends with code 1; of the script of a boot, nothing more
	PowerOff Deed = "power-off" // the instance shuts itself down, and is stopped or terminated as it was launched to be
	Die      Deed = "die"       // its hardware fails
	Reclaim  Deed = "reclaim"   // it was a spot instance, and is taken away
)

// The tags of an image, or of an instance, that hold a script as ParseGuest reads it.
const (
	ConsoleTag = "sandbox:console" // of a boot
	CommandTag = "sandbox:command" // of any shell script that is run on it
)

// stepSeparator stands between the steps of a script in a tag.
const stepSeparator = " | "

// ParseGuest reads a script from a tag: steps such as "30s hello" or "1m !die", with " | " between them. In what is
// printed, {KEY} is the value of the instance's tag KEY.
func ParseGuest(text string) (Guest, error) {
	var g Guest
	for part := range strings.SplitSeq(text, stepSeparator) {
		delay, print, _ := strings.Cut(strings.TrimSpace(part), " ")
		after, err := time.ParseDuration(delay)
		if err != nil || after < 0 {
			return nil, fmt.Errorf("console script %q: step %q does not begin with a delay, such as 30s", text, part)
		}
		step := Step{After: after, Print: print}
		if deed, isDeed := strings.CutPrefix(print, "!"); isDeed {
			step.Print, step.Do = "", Deed(deed)
		}
		switch step.Do {
		case "", Fail, PowerOff, Die, Reclaim:
		default:
			return nil, fmt.Errorf("console script %q: unknown deed %q: want %s, %s, %s or %s", text, step.Do, Fail, PowerOff, Die, Reclaim)
		}
		g = append(g, step)
	}
	return g, nil
}

// SetGuest has fn write the scripts of the instances that boot from now on. An instance for which it gives none has the
// one of its ConsoleTag, if any. The account is locked when fn is called.
func (s *Service) SetGuest(fn func(Machine) Guest) { s.Guest = fn }

// script finds what a machine does: what somebody writes, or what a tag of it says.
func script(m Machine, written Guest, tag string) Guest {
	if written != nil {
		return written
	}
	text := orNew(m.InstanceTags[tag], m.ImageTags[tag])
	if text == "" {
		return nil
	}
	var pairs []string
	for key, value := range m.InstanceTags {
		pairs = append(pairs, "{"+key+"}", value)
	}
	fill := strings.NewReplacer(pairs...)
	g, _ := ParseGuest(text) // was checked when it was given
	for i := range g {
		g[i].Print = fill.Replace(g[i].Print)
	}
	return g
}

// startGuest begins the script of a machine that boots.
func (s *Service) startGuest(i *instance, m Machine) {
	var written Guest
	if s.Guest != nil {
		written = s.Guest(m)
	}
	i.next = &play{print: func(text string) { s.Print(*i.InstanceId, text) }}
	s.play(i, i.next, script(m, written, ConsoleTag))
}

// RunScript begins to run a shell script on an instance whose software does not really run: by Options.Command, or the
// CommandTag. It is false where neither says what comes of it. Unless the instance ends before, done is called later with
// what the script prints, and its code.
func (s *Service) RunScript(id, text string, done func(output string, code int)) (stop func(), scripted bool) {
	i, ok := s.instances.get(id)
	if !ok {
		return nil, false
	}
	m := s.machine(i)
	var written Guest
	if s.Command != nil {
		written = s.Command(m, text)
	}
	g := script(m, written, CommandTag)
	if g == nil {
		return nil, false
	}
	var output strings.Builder
	p := &play{
		print: func(text string) { output.WriteString(strings.TrimSuffix(text, "\n") + "\n") },
		end:   func(code int) { done(output.String(), code) },
	}
	s.play(i, p, g)
	return p.stop, true
}

// play is a script that is played.
type play struct {
	timer *account.Timer // of its next step
	print func(text string)
	end   func(code int) // nil where nobody waits for it
}

func (p *play) stop() {
	if p != nil {
		p.timer.Stop()
	}
}

// play takes the steps of a script one after the other, until it ends or is stopped.
func (s *Service) play(i *instance, p *play, g Guest) {
	if len(g) == 0 {
		return
	}
	step, rest := g[0], g[1:]
	p.timer = s.Account.After(step.After, func() {
		if step.Print != "" {
			p.print(step.Print)
		}
		switch {
		case step.Do == PowerOff:
			s.PoweredOff(*i.InstanceId)
		case step.Do == Die:
			s.shutDown(i, hardwareFailed)
		case step.Do == Reclaim:
			s.Interrupt(*i.InstanceId, "terminate")
		case step.Do == "" && len(rest) > 0:
			s.play(i, p, rest)
		case p.end != nil && step.Do == Fail:
			p.end(1)
		case p.end != nil:
			p.end(0)
		}
	})
}

// SoftwareTag is the value of a tag of an instance or, where it has none, of its image.
func (s *Service) SoftwareTag(id, key string) string {
	i, ok := s.instances.get(id)
	if !ok {
		return ""
	}
	return orNew(s.tags[id][key], i.software[key])
}
