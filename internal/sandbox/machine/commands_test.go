package machine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommands(t *testing.T) {
	for what, c := range map[string]struct {
		text string
		want string // the script, or the error
	}{
		"none":       {"runcmd: []", "#!/bin/sh\n"},
		"lines":      {"runcmd:\n  - echo one  # that is all\n  - 'echo ''two'': x'\n  - \"echo \\\"three\\\"\\t$HOME\"\n", "#!/bin/sh\necho one\necho 'two': x\necho \"three\"\t$HOME\n"},
		"blocks":     {"runcmd:\n- |\n  for x in 1 2; do\n    echo $x\n  done\n- |-\n  echo done", "#!/bin/sh\nfor x in 1 2; do\n  echo $x\ndone\necho done\n"},
		"arguments":  {"runcmd:\n  - [sh, -c, \"echo 'it''s' # $1\", --, 'a, b']\n  - [true]\n", "#!/bin/sh\n'sh' '-c' 'echo '\\''it'\\'''\\''s'\\'' # $1' '--' 'a, b'\n'true'\n"},
		"list below": {"runcmd:\n- - ls\n  - -l\n  - /tmp\n- pwd\n", "#!/bin/sh\n'ls' '-l' '/tmp'\npwd\n"},
		"on a line":  {"runcmd: [pwd, [ls, -l, /], \"a b\" ] # go\n", "#!/bin/sh\npwd\n'ls' '-l' '/'\na b\n"},
		"and then":   {"runcmd:\n- pwd\npackages: [curl]\n", "#!/bin/sh\npwd\n"},

		"a mapping":       {"runcmd:\n- echo hello: world\n", `line 3 of the cloud-config: "echo hello: world" is no scalar: quote it`},
		"a mapping below": {"runcmd:\n- - key:\n", `line 3 of the cloud-config: "key:" is no scalar: quote it`},
		"an open list":    {"runcmd: [pwd\n", `line 2 of the cloud-config: the list "[pwd" is not understood here`},
		"an open quote":   {"runcmd: ['pwd]\n", `line 2 of the cloud-config: the list "['pwd]" is not understood here`},
		"a deep list":     {"runcmd:\n- [a, [b]]\n", `line 3 of the cloud-config: a list in a list in a list is not understood here`},
		"a deeper list":   {"runcmd: [[a, [b]]]\n", `line 2 of the cloud-config: the list "[[a, [b]]]" is not understood here`},
		"two in one":      {"runcmd: [a] [b]\n", `line 2 of the cloud-config: the list "[a] [b]" is not understood here`},
		"an alias":        {"runcmd: [*a]\n", `line 2 of the cloud-config: the list "[*a]" is not understood here`},
		"a word":          {"runcmd: reboot\n", `line 2 of the cloud-config: the list "reboot" is not understood here`},
		"a longer line":   {"runcmd:\n- echo one\n  two\n", `line 4 of the cloud-config: "  two" is not understood here`},
		"nothing":         {"runcmd:\n- \"\"x\n", `line 3 of the cloud-config: the value "\"\"x" is not understood here`},
	} {
		wanted, err := readUserData("#cloud-config\n" + c.text)
		got := shell(wanted.run)
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}
