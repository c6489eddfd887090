package internal_test

import (
	"os"
	"testing"
)

// architecture is who may import whom. docs/architecture.md has the same as a picture.
var architecture = layout{
	// From the top down. A room imports rooms of the floors below and, unless its floor keeps rooms apart, of its own.
	floors: []floor{
		{name: "programs", apart: true, rooms: []string{"agent", "switcher", "amibake"}},
		{name: "faces", rooms: []string{"internal/cli/...", "internal/report", "internal/demo/..."}},
		{name: "domains", apart: true, rooms: []string{"internal/agent", "internal/bluegreen", "internal/bake"}},
		{name: "parts of the agent", apart: true, rooms: []string{"internal/agent/..."}}, // internal/agent joins them
		{name: "parts of the bake", apart: true, rooms: []string{"internal/bake/..."}},   // internal/bake joins them
		{name: "mechanisms", rooms: []string{
			"internal/traffic", "internal/gate", "internal/hook", "internal/probe", "internal/wait", "internal/step",
			"internal/journal", "internal/userdata", "internal/event",
		}},
		{name: "account", rooms: []string{"internal/aws", "internal/aws/session"}}, // connect the adapters
		{name: "machines", rooms: []string{"internal/sandbox/machine/..."}},        // instances of the sandbox that run Docker
		{name: "adapters", apart: true, rooms: []string{"internal/aws/...", "internal/docker/...", "internal/resolve"}},
		{name: "ground", rooms: []string{"internal/aws/awserr", "internal/aws/call", "internal/aws/ec2tag", "internal/aws/facts", "internal/aws/sealed", "internal/config/...", "internal/exit", "internal/version", "packaging"}},

		// The sandbox stands for AWS. Nothing of the product is above or below it: see the rules.
		{name: "sandbox", rooms: []string{"internal/sandbox", "internal/sandbox/stack"}},
		{name: "sandbox services", apart: true, rooms: []string{
			"internal/sandbox/route53/...", "internal/sandbox/elbv2/...", "internal/sandbox/ec2/...",
			"internal/sandbox/autoscaling/...", "internal/sandbox/cloudwatch/...", "internal/sandbox/ssm/...",
			"internal/sandbox/sts/...", "internal/sandbox/wafv2/...", "internal/sandbox/nameserver/...",
			"internal/sandbox/proxy/...", "internal/sandbox/app/...",
			"internal/sandbox/ecr/...", "internal/sandbox/imds/...", "internal/sandbox/secretsmanager/...",
			"internal/sandbox/s3/...",
		}},
		{name: "sandbox ground", rooms: []string{
			"internal/sandbox/account", "internal/sandbox/fabric", "internal/sandbox/wire", "internal/sandbox/metrics",
			"internal/sandbox/mortal",     // for tests of those who call
			"internal/sandbox/ec2/launch", // the words in which Auto Scaling asks EC2 for instances
		}},

		{name: "words", rooms: []string{"internal/pattern"}}, // for the product and for the sandbox
	},

	// The services of the sandbox do not know each other; internal/sandbox joins them. A pair here is one thing in two
	// packages: what speaks AWS, and what works behind it.
	doors: []door{
		{from: "internal/sandbox/elbv2", to: "internal/sandbox/proxy"},
	},

	rules: []rule{
		{
			rooms: []string{"internal/step"},
			only:  []string{"std"},
			why:   "the engine that decides what a crash leaves behind must be readable with nothing else open",
		},
		{
			rooms:  []string{"..."},
			except: []string{"internal/aws/...", "internal/sandbox/..."},
			never:  []string{"github.com/aws/..."},
			why:    "the SDK's types stay inside of the adapters, one service in each",
		},
		{
			rooms:  []string{"..."},
			except: []string{"internal/docker"},
			never:  []string{"github.com/moby/...", "github.com/docker/..."},
			why:    "the Docker Engine has one adapter",
		},
		{
			rooms:  []string{"..."},
			except: []string{"agent", "switcher", "amibake", "internal/cli", "internal/cli/clitest"},
			never:  []string{"github.com/spf13/..."},
			why:    "flags and commands are the programs' business",
		},
		{
			rooms: []string{"..."},
			never: []string{"text/template", "html/template"},
			why:   "a reachable template makes the linker keep every operation of every AWS client",
		},
		{
			rooms:  []string{"..."},
			except: []string{"switcher", "internal/demo/...", "internal/sandbox/..."},
			never:  []string{"internal/sandbox/..."},
			why:    "only `switcher sandbox` and `switcher demo` ship it; elsewhere it is for tests",
		},
	},

	// Rooms and modules that the rules name and nobody has built or required yet. Whoever adds one takes it off here.
	planned: []string{
		"internal/report",
		"internal/gate", "internal/hook",
	},
}

func TestArchitecture(t *testing.T) {
	source, err := readTree(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range architecture.faults(source) {
		t.Error(fault)
	}
}
