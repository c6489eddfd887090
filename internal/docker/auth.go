package docker

import "log/slog"

// Auth is a user of a registry. The zero Auth is nobody. However it is printed, it does not show the password.
type Auth struct{ Username, Password string }

func (a Auth) String() string {
	if a == (Auth{}) {
		return "anonymous"
	}
	return a.Username + ":***"
}

// GoString is for %#v.
func (a Auth) GoString() string { return "docker.Auth{" + a.String() + "}" }

// LogValue is for log/slog.
func (a Auth) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText is for encoding/json and the like.
func (a Auth) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
