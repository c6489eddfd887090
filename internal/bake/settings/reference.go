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
			"build.files": "#[[build.files]]\n",
			"base.filter": "#[base.filter]\n",
		},
	}
}

const referenceHead = `# Configuration of amibake

<!-- Written by a test from the program itself: go test ./internal/bake/settings -run Reference -update -->

` + "`amibake` reads one file: `amibake.toml` in the current folder, unless `--config` or `AMIBAKE_CONFIG` names another one. Each app\n" +
	"has its own. It is strict: an unknown key is a fault, and all faults come in one message. Paths of files in it are relative to\n" +
	"the folder that it is in. Time spans are written as `\"90s\"` or `\"5m\"`, sizes as\n" +
	"`\"16GiB\"`. There is no place for secrets: credentials are those of the environment, or of the role of the instance that amibake\n" +
	"runs on.\n"

const fileHead = "# Configuration of amibake. A line that is commented out shows the default, or an example where the default is named above\n" +
	"# it. Set app, image, build.subnet and what goes with them; `amibake plan` finds mistakes, and says what a bake would do.\n"
