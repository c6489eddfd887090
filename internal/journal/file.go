package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bluegreen/internal/step"
)

// Files is a step.Store in a directory: for accounts whose operators may not write to Parameter Store. Only machines that
// share the directory can resume each other's runs.
type Files struct{ dir string }

// InFiles keeps the journal of an app below dir.
func InFiles(dir, app string) *Files { return &Files{dir: filepath.Join(dir, app)} }

// Append writes a record to a file of its own, durably, and never over another one.
func (f *Files) Append(_ context.Context, r step.Record) error {
	text, err := encode(r)
	if err != nil {
		return err
	}
	dir := filepath.Join(f.dir, "deployments", r.Run, fmt.Sprintf("%06d", r.Epoch))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the journal's directory: %w", err)
	}
	name := filepath.Join(dir, fmt.Sprintf("%06d.json", r.Seq))
	if err := createOnce(name, []byte(text)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// createOnce makes a file appear whole: written aside, synced, then linked to its name, which fails if the name is taken.
func createOnce(name string, content []byte) error {
	aside, err := os.CreateTemp(filepath.Dir(name), ".writing-*")
	if err != nil {
		return err
	}
	defer os.Remove(aside.Name()) //nolint:errcheck // nothing reads what is left aside
	_, err = aside.Write(content)
	err = errors.Join(err, aside.Sync(), aside.Close())
	if err != nil {
		return err
	}
	err = os.Link(aside.Name(), name)
	if errors.Is(err, fs.ErrExist) {
		there, readErr := os.ReadFile(name)
		if readErr != nil {
			return readErr
		}
		if !bytes.Equal(there, content) {
			return ErrTaken
		}
		return nil
	}
	return errors.Join(err, syncDir(filepath.Dir(name)))
}

// syncDir makes the names in a directory survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Latest reads the newest record of a run.
func (f *Files) Latest(_ context.Context, run string) (step.Record, error) {
	dir := filepath.Join(f.dir, "deployments", run)
	// Epochs and sequence numbers are padded, so that the order of names is that of records.
	epochs, err := names(dir, "")
	if err != nil {
		return step.Record{}, fmt.Errorf("list the journal of %s: %w", run, err)
	}
	for _, epoch := range slices.Backward(epochs) {
		records, err := names(filepath.Join(dir, epoch), ".json")
		if err != nil {
			return step.Record{}, fmt.Errorf("list the journal of %s: %w", run, err)
		}
		if len(records) == 0 {
			continue // its writer died before its first record was whole
		}
		text, err := os.ReadFile(filepath.Join(dir, epoch, records[len(records)-1]))
		if err != nil {
			return step.Record{}, fmt.Errorf("read the journal of %s: %w", run, err)
		}
		return decode(string(text))
	}
	return step.Record{}, fmt.Errorf("%s: %w", run, step.ErrNoRun)
}

// names are those in a directory that end so, in order; none if there is no such directory.
func names(dir, suffix string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var found []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			found = append(found, e.Name())
		}
	}
	return found, err
}
