package agent

import "testing"

func TestProgramPart(t *testing.T) {
	const program = "/usr/bin/bluegreen-agent"
	for line, want := range map[string]bool{
		"00400000-00a4e000 r-xp 00000000 fe:00 131 /usr/bin/bluegreen-agent": true,
		"00a4e000-0110a000 r--p 0064e000 fe:00 131 /usr/bin/bluegreen-agent": true,
		"0110a000-01168000 rw-p 00d0a000 fe:00 131 /usr/bin/bluegreen-agent": false, // its variables
		"01168000-011a1000 rw-p 00000000 00:00 0":                            false,
		"7ffd1c7fe000-7ffd1c81f000 rw-p 00000000 00:00 0 [stack]":            false,
		"7f0000000000-7f0000001000 r-xp 00000000 fe:00 9 /usr/lib/libc.so.6": false,
		"": false,
	} {
		from, to, ok := programPart(line, program)
		if ok != want {
			t.Errorf("%q: %v, want %v", line, ok, want)
		}
		if ok && to <= from {
			t.Errorf("%q: from %x to %x", line, from, to)
		}
	}
}

// kept has a value in the program's file, and another one in memory.
var kept = 41

// TestForgetProgram has the program go on, with its variables as they were.
func TestForgetProgram(t *testing.T) {
	before := kept
	kept++
	forgetProgram()
	if kept != before+1 {
		t.Errorf("a variable is %d, want %d", kept, before+1)
	}
}
