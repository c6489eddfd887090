package ec2

import (
	"fmt"
	"strings"
	"time"
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
	PowerOff Deed = "power-off" // the instance shuts itself down, and is stopped or terminated as it was launched to be
	Die      Deed = "die"       // its hardware fails
	Reclaim  Deed = "reclaim"   // it was a spot instance, and is taken away
)

// ConsoleTag is the tag of an image, or of an instance, that holds a script as ParseGuest reads it.
const ConsoleTag = "sandbox:console"

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
		case "", PowerOff, Die, Reclaim:
		default:
			return nil, fmt.Errorf("console script %q: unknown deed %q: want %s, %s or %s", text, step.Do, PowerOff, Die, Reclaim)
		}
		g = append(g, step)
	}
	return g, nil
}

// SetGuest has fn write the scripts of the instances that boot from now on. An instance for which it gives none has the
// one of its ConsoleTag, if any. The account is locked when fn is called.
func (s *Service) SetGuest(fn func(Machine) Guest) { s.Guest = fn }

// script finds the script of a machine that boots.
func (s *Service) script(m Machine) Guest {
	if s.Guest != nil {
		if g := s.Guest(m); g != nil {
			return g
		}
	}
	text := orNew(m.InstanceTags[ConsoleTag], m.ImageTags[ConsoleTag])
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

// play takes the steps of an instance's script one after the other, until it ends or its software is stopped.
func (s *Service) play(i *instance, g Guest) {
	if len(g) == 0 {
		return
	}
	step, rest := g[0], g[1:]
	i.next = s.Account.After(step.After, func() {
		if step.Print != "" {
			s.Print(*i.InstanceId, step.Print)
		}
		switch step.Do {
		case PowerOff:
			s.PoweredOff(*i.InstanceId)
		case Die:
			s.shutDown(i, hardwareFailed)
		case Reclaim:
			s.Interrupt(*i.InstanceId, "terminate")
		default:
			s.play(i, rest)
		}
	})
}
