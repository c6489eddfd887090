package wait

import "errors"

// softError is a failure that may be over at the next look.
type softError struct{ error }

func (e softError) Unwrap() error { return e.error }

// Soft marks a check's error, e.g. a throttled or an unreachable API, as no reason to stop waiting. Soft(nil) is nil.
func Soft(err error) error {
	if err == nil {
		return nil
	}
	return softError{err}
}

// IsSoft says whether an error is, or wraps, one that Soft has marked.
func IsSoft(err error) bool {
	var soft softError
	return errors.As(err, &soft)
}
