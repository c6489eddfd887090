package settings

import "bluegreen/internal/config/describe"

// Reference is the description of all keys, as Markdown.
func Reference() string { return book().Reference() }

// Template is the file in the package: every key, commented out, with its default or an example.
func Template() string { return book().File() }

func book() describe.Book {
	return describe.Book{
		Sections: sections(), Standard: Default(), ReferenceHead: referenceHead, FileHead: fileHead,
		Headers: map[string]string{
			"container.mounts": "#[[container.mounts]]\n",
			"secrets.NAME":     "#[secrets.DB_PASSWORD]\n",
			`registry."HOST"`:  "#[registry.\"registry.example.com\"]\n",
		},
	}
}

const referenceHead = `# Configuration of the agent

<!-- Written by a test from the program itself: go test ./internal/agent/settings -run Reference -update -->

` + "`bluegreen-agent` reads `/etc/bluegreen/agent.toml`, then the files `/etc/bluegreen/agent.d/*.toml` in the order of their names, and\n" +
	"then the tags of the instance. A later file replaces single keys and whole lists, and merges tables. User data writes one of\n" +
	"these files by cloud-config, so that one AMI serves both colours and any version of the image.\n\n" +
	"It is strict: an unknown key is a fault, and all faults come in one message, each with its file. `bluegreen-agent check` says\n" +
	"what is wrong, and what is less hardened than it would be without. Time spans are written as `\"90s\"` or `\"5m\"`, sizes as\n" +
	"`\"512MiB\"` or `\"1.5GiB\"`.\n"

const fileHead = "# Configuration of bluegreen-agent. A line that is commented out shows the default, or an example where the default is\n" +
	"# named above it. Files in /etc/bluegreen/agent.d/ go over this one. See agent.toml(5); `bluegreen-agent check` finds mistakes.\n"
