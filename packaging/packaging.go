// Package packaging has the files of the packages that a program needs itself.
package packaging

import _ "embed" // the unit

// Unit is the agent's systemd unit. Its ExecStart names the path of the package.
//
//go:embed bluegreen-agent.service
var Unit string

// UnitPath is the program that Unit starts.
const UnitPath = "/usr/bin/bluegreen-agent"
