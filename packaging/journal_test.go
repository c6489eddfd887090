package packaging_test

import (
	"fmt"
	"strings"
	"testing"
)

// position is a place in an instance's journal: all that is written later stands behind it.
type position string

func (i *instance) position(t *testing.T) position {
	t.Helper()
	return position(strings.TrimPrefix(i.sh(t, "journalctl --sync; journalctl --quiet --lines=0 --show-cursor"), "-- cursor: "))
}

// wantJournal waits until a unit's journal says something behind a position. The journal may be late, and what it writes of a process
// that has ended by then is told apart by its unit, and by nothing that is asked of the process, such as the id of its invocation.
func (i *instance) wantJournal(t *testing.T, unit string, after position, want string) {
	t.Helper()
	read := fmt.Sprintf("journalctl --sync; journalctl --no-pager --unit=%s --after-cursor='%s'", unit, after)
	var log string
	said := within(patience, func() bool {
		log = i.sh(t, read)
		return strings.Contains(log, want)
	})
	if !said {
		t.Errorf("the journal of %s does not say %q:\n%s", unit, want, log)
	}
}

// withLateJournal runs a script while nothing is written to the journal, as if the machine were too busy for that.
func (i *instance) withLateJournal(t *testing.T, script string) result {
	t.Helper()
	i.sh(t, "systemctl kill --signal=STOP systemd-journald")
	defer i.sh(t, "systemctl kill --signal=CONT systemd-journald")
	return i.try(t, script)
}
