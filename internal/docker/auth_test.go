package docker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"bluegreen/internal/docker"
)

func TestAuthHidesThePassword(t *testing.T) {
	o := docker.PullOptions{Auth: docker.Auth{Username: "AWS", Password: "s3cret"}}
	marshalled, err := json.Marshal(o.Auth)
	if err != nil {
		t.Fatal(err)
	}
	var text, structured bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("pull", "auth", o.Auth, "options", o)
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("pull", "auth", o.Auth)
	for _, printed := range []string{
		fmt.Sprint(o.Auth), fmt.Sprint(o), fmt.Sprintf("%+v", o), fmt.Sprintf("%#v", o), fmt.Sprintf("%s %q %v", o.Auth, o.Auth, &o),
		string(marshalled), text.String(), structured.String(),
	} {
		if strings.Contains(printed, "s3cret") || !strings.Contains(printed, "AWS") {
			t.Errorf("printed as %s", printed)
		}
	}
	if printed := fmt.Sprintf("%x", o.Auth); strings.Contains(printed, fmt.Sprintf("%x", "s3cret")) {
		t.Errorf("printed as %s", printed)
	}
	if printed := fmt.Sprint(docker.Auth{}); printed != "anonymous" {
		t.Errorf("nobody is printed as %s", printed)
	}
}
