package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"bluegreen/internal/aws/awserr"
)

// LeaseInFile is the lease of an app in a directory, beside a journal in files.
func LeaseInFile(dir, app string, term time.Duration) *Lease {
	return &Lease{cell: fileCell(filepath.Join(dir, app, "lease")), term: term}
}

// fileCell is a cell in a file, replaced as a whole with every write.
type fileCell string

func (c fileCell) read(context.Context) (string, error) {
	text, err := os.ReadFile(string(c))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read %s: %w", string(c), awserr.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("read the lease: %w", err)
	}
	return string(text), nil
}

func (c fileCell) write(_ context.Context, value string) error {
	if err := os.MkdirAll(filepath.Dir(string(c)), 0o700); err != nil {
		return fmt.Errorf("make the lease's directory: %w", err)
	}
	aside, err := os.CreateTemp(filepath.Dir(string(c)), ".writing-*")
	if err != nil {
		return fmt.Errorf("write the lease: %w", err)
	}
	defer os.Remove(aside.Name()) //nolint:errcheck // renamed away when all went well
	_, err = aside.WriteString(value)
	if err := errors.Join(err, aside.Sync(), aside.Close(), os.Rename(aside.Name(), string(c))); err != nil {
		return fmt.Errorf("write the lease: %w", err)
	}
	return nil
}
