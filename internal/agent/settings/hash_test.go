package settings

import (
	"reflect"
	"testing"
	"time"

	"bluegreen/internal/docker"
)

// The hashes of what earlier releases made. If this fails, an upgrade of the agent replaces every container there is.
func TestHashIsStable(t *testing.T) {
	minimalSpec, err := Spec(mustLoad(t, minimal), SecretFiles{})
	if err != nil {
		t.Fatal(err)
	}
	fullSpec, err := Spec(mustLoad(t, everything), SecretFiles{Dir: "/run/bluegreen/secrets", Env: map[string]string{"DB_PASSWORD": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		spec       docker.Spec
		secrets    map[string]string
	}{
		{"empty", "e3b0c44298fc1c149afbf4c8", docker.Spec{}, nil},
		{"minimal", "35dfd486c980d4a0163772bc", minimalSpec, nil},
		{"everything", "a80619fbef84d4bdbe56d0cf", fullSpec, map[string]string{"DB_PASSWORD": "v1", "tls.key": "7"}},
	} {
		if got := Hash(c.spec, c.secrets); got != c.want {
			t.Errorf("%s: got %s", c.name, got)
		}
	}
}

// Every field counts but those that are the owner's, also those that are added to a Spec one day.
func TestHashCountsEveryField(t *testing.T) {
	empty := Hash(docker.Spec{}, nil)
	for i := range reflect.TypeFor[docker.Spec]().NumField() {
		var spec docker.Spec
		field := reflect.ValueOf(&spec).Elem().Field(i)
		fill(t, field)
		name := reflect.TypeFor[docker.Spec]().Field(i).Name
		owners := name == "Name" || name == "Labels"
		if counts := Hash(spec, nil) != empty; counts == owners {
			t.Errorf("%s: counts: %t", name, counts)
		}
	}
	for i := range reflect.TypeFor[docker.Healthcheck]().NumField() {
		check := &docker.Healthcheck{}
		fill(t, reflect.ValueOf(check).Elem().Field(i))
		if Hash(docker.Spec{Healthcheck: check}, nil) == Hash(docker.Spec{Healthcheck: &docker.Healthcheck{}}, nil) {
			t.Errorf("Healthcheck.%s does not count", reflect.TypeFor[docker.Healthcheck]().Field(i).Name)
		}
	}
}

// Every field of an entry of a list counts, too.
func TestHashCountsEveryPart(t *testing.T) {
	for _, list := range []any{docker.Port{}, docker.Ulimit{}, docker.Mount{}, docker.Restart{}, docker.Log{}} {
		kind := reflect.TypeOf(list)
		hash := func(entry reflect.Value) string {
			var spec docker.Spec
			v := reflect.ValueOf(&spec).Elem()
			for i := range v.NumField() {
				switch f := v.Field(i); f.Type() {
				case kind:
					f.Set(entry)
				case reflect.SliceOf(kind):
					f.Set(reflect.Append(f, entry))
				}
			}
			return Hash(spec, nil)
		}
		for i := range kind.NumField() {
			entry := reflect.New(kind).Elem()
			before := hash(entry)
			fill(t, entry.Field(i))
			if hash(entry) == before {
				t.Errorf("%s.%s does not count", kind, kind.Field(i).Name)
			}
		}
	}
}

// fill sets a field to something.
func fill(t *testing.T, field reflect.Value) {
	t.Helper()
	switch field.Kind() {
	case reflect.String:
		field.SetString("x")
	case reflect.Bool:
		field.SetBool(true)
	case reflect.Int, reflect.Int64:
		field.SetInt(7)
	case reflect.Uint16:
		field.SetUint(7)
	case reflect.Float64:
		field.SetFloat(7)
	case reflect.Slice:
		entry := reflect.New(field.Type().Elem()).Elem()
		fill(t, entry)
		field.Set(reflect.Append(field, entry))
	case reflect.Map:
		field.Set(reflect.ValueOf(map[string]string{"x": "y"}))
	case reflect.Struct:
		fill(t, field.Field(0))
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
	default:
		t.Fatalf("no value for a %s", field.Type())
	}
}

func TestHash(t *testing.T) {
	base := docker.Spec{
		Env:   map[string]string{"A": "1", "DB_PASSWORD": "hunter2"},
		Ports: []docker.Port{{Host: 80, Container: 80}, {Host: 443, Container: 443}},
	}
	versions := map[string]string{"DB_PASSWORD": "v1"}
	for name, c := range map[string]struct {
		change  func(*docker.Spec)
		secrets map[string]string
		same    bool
	}{
		"nothing":           {func(*docker.Spec) {}, versions, true},
		"name and labels":   {func(s *docker.Spec) { s.Name, s.Labels = "x", map[string]string{"a": "b"} }, versions, true},
		"order of ports":    {func(s *docker.Spec) { s.Ports = []docker.Port{s.Ports[1], s.Ports[0]} }, versions, true},
		"value of a secret": {func(s *docker.Spec) { s.Env = map[string]string{"A": "1", "DB_PASSWORD": "other"} }, versions, true},
		"version":           {func(*docker.Spec) {}, map[string]string{"DB_PASSWORD": "v2"}, false},
		"another secret":    {func(*docker.Spec) {}, map[string]string{"DB_PASSWORD": "v1", "X": ""}, false},
		"no secret":         {func(*docker.Spec) {}, nil, false},
		"variable":          {func(s *docker.Spec) { s.Env = map[string]string{"A": "2", "DB_PASSWORD": "hunter2"} }, versions, false},
		"words split":       {func(s *docker.Spec) { s.Command = []string{"a", "b"} }, versions, false},
		"order of words":    {func(s *docker.Spec) { s.Command = []string{"b", "a"} }, versions, false},
		"time":              {func(s *docker.Spec) { s.StopTimeout = time.Nanosecond }, versions, false},
	} {
		spec := base
		c.change(&spec)
		if same := Hash(spec, c.secrets) == Hash(base, versions); same != c.same {
			t.Errorf("%s: same: %t", name, same)
		}
	}
	if Hash(docker.Spec{Command: []string{"a b"}}, nil) == Hash(docker.Spec{Command: []string{"a", "b"}}, nil) ||
		Hash(docker.Spec{Command: []string{"a"}}, nil) == Hash(docker.Spec{Entrypoint: []string{"a"}}, nil) ||
		Hash(docker.Spec{User: "a\nhostname 1:b"}, nil) == Hash(docker.Spec{User: "a", Hostname: "b"}, nil) {
		t.Error("two containers have one hash")
	}
	if base.Env["DB_PASSWORD"] != "hunter2" {
		t.Error("the container has lost a variable")
	}
}
