package main

import (
	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
	"bluegreen/internal/demo/lab"
)

// runtimeOptions are the flags that say what the instances of a sandbox are.
type runtimeOptions struct {
	kind    string
	pkg     string
	base    string
	program string
}

const (
	runtimeApp    = "app"
	runtimeDocker = "docker"
)

func (o *runtimeOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.kind, "runtime", runtimeApp, "`kind` of instances: app, which is an HTTP app in this process, or docker, a container with systemd,\n"+
		"Docker and the real agent for each; it needs a Docker Engine on this machine (DOCKER_HOST)")
	f.StringVar(&o.pkg, "package", "", "`file` of the agent's Debian package, for --runtime docker; the one beside this program if empty")
	f.StringVar(&o.base, "base", "", "`image` of Debian 12 for --runtime docker, from a registry or in the engine; made by debootstrap, as root, if empty")
	f.StringVar(&o.program, "app-program", "", "`file` of a static switcher to be the app, for --runtime docker; this program if empty")
	if err := f.MarkHidden("app-program"); err != nil {
		panic(err) // the flag is there
	}
}

// docker is nil for instances that are apps.
func (o *runtimeOptions) docker(tell func(string)) (*lab.Docker, error) {
	switch {
	case o.kind == runtimeDocker:
		return &lab.Docker{Package: o.pkg, Base: o.base, Program: o.program, Tell: tell}, nil
	case o.kind != runtimeApp:
		return nil, cli.Usagef("--runtime: unknown kind %q: want %s or %s", o.kind, runtimeApp, runtimeDocker)
	case o.pkg != "" || o.base != "" || o.program != "":
		return nil, cli.Usagef("--package and --base are for --runtime %s", runtimeDocker)
	}
	return nil, nil
}
