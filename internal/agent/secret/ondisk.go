package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"bluegreen/internal/aws/sealed"
)

// record is what is noted of a secret.
type record struct {
	From    string `json:"from"`
	Version string `json:"version"`
	// Digest tells whether the text is the same as that of Version. It is salted, and on a tmpfs like the text itself.
	Salt   []byte `json:"salt"`
	Digest []byte `json:"digest"`
}

func newRecord(from string, v Value) record {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails
	return record{From: from, Version: v.Version, Salt: salt, Digest: salted(salt, v.Text)}
}

// of says whether the record is of a text.
func (r record) of(text sealed.Text) bool { return hmac.Equal(r.Digest, salted(r.Salt, text)) }

func salted(salt []byte, text sealed.Text) []byte {
	h := hmac.New(sha256.New, salt)
	h.Write([]byte(text.Reveal())) // a hash takes everything
	return h.Sum(nil)
}

// notes is where: not in the directory, which the app is shown.
func (k *Keeper) notes() string { return k.options.Dir + ".json" }

// note notes what the files hold, and the variables beside them.
func (k *Keeper) note(all map[string]held) error {
	notes := map[string]record{}
	for name, h := range all {
		notes[name] = newRecord(k.options.Secrets[name].From, h.value)
	}
	text, err := json.Marshal(notes)
	if err == nil {
		err = replace(k.notes(), text)
	}
	if err != nil {
		return fmt.Errorf("note the versions of secrets: %w", err)
	}
	return nil
}

// readNotes reads what was noted last.
func (k *Keeper) readNotes() map[string]record {
	text, err := os.ReadFile(k.notes())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var notes map[string]record
	if err == nil {
		err = json.Unmarshal(text, &notes)
	}
	if err != nil {
		k.options.Log.Warn("The notes on secrets cannot be read", "error", err)
	}
	return notes
}

// onDisk are the secrets that an agent before this one has written, as far as they are of the same source. Those that are
// only variables are nowhere.
func (k *Keeper) onDisk() map[string]Value {
	found := map[string]Value{}
	dir, err := os.OpenRoot(k.options.Dir)
	if err != nil {
		return found
	}
	defer func() { _ = dir.Close() }() // nothing is written through it
	for name, n := range k.noted {
		s, configured := k.options.Secrets[name]
		if !configured || s.File == "" || s.From == "" || s.From != n.From {
			continue
		}
		if text, err := dir.ReadFile(s.File); err == nil {
			v := Value{Text: sealed.New(string(text))}
			if n.of(v.Text) { // or else whoever wrote it was killed before the note
				v.Version = n.Version
			}
			found[name] = v
		}
	}
	return found
}
