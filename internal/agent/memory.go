package agent

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

const (
	// gcPercent trades CPU time, of which the agent uses next to nothing, for memory, which is the app's.
	gcPercent = 20
	// giveBackEvery is how often memory goes back that nobody needs any more: as often as what is done once a minute, which is
	// writing to CloudWatch, needs more than all that is done in between. It takes a few milliseconds.
	giveBackEvery = time.Minute
	// settling is when it goes back for the first time: after the start and a pull of what is there already.
	settling = 5 * time.Second
)

// giveBack returns memory to the machine, which is the app's.
func giveBack(ctx context.Context) {
	debug.SetGCPercent(gcPercent)
	for pause := settling; sleep(ctx, pause); pause = giveBackEvery {
		debug.FreeOSMemory()
		forgetProgram()
	}
}

// forgetProgram lets go of the program's own pages: most of them only its start, or a pull, has needed. Those that it goes on
// using come back as it touches them, from the page cache: those that it has used lately the kernel marks as used when they are
// let go, and keeps longest. It is a courtesy: where it fails, all is as it was.
func forgetProgram() {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }() // it was only read
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if from, to, ok := programPart(lines.Text(), program); ok {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
		}
	}
}

// programPart reads a line of /proc/self/maps: a part of the program's file that nobody can have written to. What is writable
// must not be forgotten: it would be as it is in the file again.
func programPart(line, program string) (from, to uintptr, ok bool) {
	fields := strings.Fields(line) // 00400000-00a4e000 r-xp 00000000 fe:00 131 /usr/bin/bluegreen-agent
	if len(fields) != 6 || fields[5] != program || strings.Contains(fields[1], "w") {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to)
	return from, to, err == nil && n == 2 && from < to
}
