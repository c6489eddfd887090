package secret

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"bluegreen/internal/aws/sealed"
)

// onDisk are the secrets that an agent before this one has written, as far as they are of the same source. Those that are
// only variables are nowhere.
func (k *Keeper) onDisk() map[string]Value {
	found := map[string]Value{}
	text, err := os.ReadFile(k.notes())
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			k.options.Log.Warn("The notes on secrets cannot be read", "error", err)
		}
		return found
	}
	var notes map[string]record
	if err := json.Unmarshal(text, &notes); err != nil {
		k.options.Log.Warn("The notes on secrets cannot be read", "error", err)
		return found
	}
	dir, err := os.OpenRoot(k.options.Dir)
	if err != nil {
		return found
	}
	defer func() { _ = dir.Close() }() // nothing is written through it
	for name, n := range notes {
		s, configured := k.options.Secrets[name]
		if !configured || s.File == "" || s.From == "" || s.From != n.From {
			continue
		}
		if value, err := dir.ReadFile(s.File); err == nil {
			found[name] = Value{Text: sealed.New(string(value)), Version: n.Version}
		}
	}
	return found
}
