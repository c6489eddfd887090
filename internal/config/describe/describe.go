// Package describe tells people about the keys of a configuration, from one list: in the reference, and in the file that a
// package installs.
package describe

// Key is a key of a configuration.
type Key struct {
	Path    string // "container.memory"; a word in capitals stands for a name of the user's
	Default string // in words, when it is no fixed value; "" for the one in Book.Standard
	Example string // as TOML, when the default is none
	Text    string // what it is, without a full stop
}

// Section is a table with its keys.
type Section struct {
	Name string // "container"; "" for the keys at the top
	Text string
	Keys []Key
}

// Book is all that there is to say.
type Book struct {
	Sections []Section // in the order in which people read them
	Standard any       // the settings as they are without a file: a struct with a `toml` tag on each key

	ReferenceHead string // Markdown, up to the first section
	FileHead      string // the first lines of the file, commented out
	// Headers are lines that begin a table in the file, by name of the section, where they are not just that name in brackets:
	// a table that has required keys is a fault without them, and is commented out as a whole.
	Headers map[string]string
}
