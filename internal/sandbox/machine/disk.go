package machine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bluegreen/internal/docker"
)

// Recipe says of what an instance's disk is made.
type Recipe struct {
	// Package is the file of the agent's Debian package.
	Package string
	// Base is the reference of an image of Debian 12; one is made by debootstrap when empty.
	Base string
	// Tell is told what is being done that takes long; may be nil.
	Tell func(what string)
}

// The images that are kept in the engine, so that they are made once.
const (
	baseRepository = "bluegreen-sandbox/base"
	diskRepository = "bluegreen-sandbox/instance"
	bareRepository = "bluegreen-sandbox/bare"
	recipeLabel    = "bluegreen.sandbox.recipe"
)

// Prepare makes the image that instances boot from, unless the engine has it already, and returns its id. The first time
// takes a minute or two.
func Prepare(ctx context.Context, e *docker.Engine, r Recipe) (image string, err error) {
	if r.Tell == nil {
		r.Tell = func(string) {}
	}
	if r.Package == "" {
		return "", errors.New("an instance needs the agent's Debian package, and none was named")
	}
	content, err := os.ReadFile(r.Package)
	if err != nil {
		return "", fmt.Errorf("read the agent's package: %w", err)
	}
	unlock, err := lock(ctx, e)
	if err != nil {
		return "", err
	}
	defer unlock()
	base := r.baseReference()
	ref := diskRepository + ":" + short(base, string(content))
	if found, err := e.Image(ctx, ref); !errors.Is(err, docker.ErrNotFound) {
		return found.ID, err
	}
	if err := r.provideBase(ctx, e, base); err != nil {
		return "", fmt.Errorf("make the Debian of instances: %w", err)
	}
	r.Tell("installing " + filepath.Base(r.Package) + " on the disk of instances")
	err = alter(ctx, e, alteration{
		from: base, files: []file{{path: "/root/agent.deb", content: string(content)}},
		script: "dpkg --install /root/agent.deb && rm /root/agent.deb && : > /etc/machine-id", ref: ref, labels: kept(ref),
	})
	if err != nil {
		return "", fmt.Errorf("install the agent's package: %w", err)
	}
	made, err := e.Image(ctx, ref)
	if err != nil {
		return "", err
	}
	return made.ID, forgetOthers(ctx, e, made.ID)
}

// bare takes from the base what a Debian in a cloud does not have either.
const bare = "dpkg --purge docker.io containerd runc && rm -rf /var/lib/docker/* /var/lib/containerd/* /etc/docker && : > /etc/machine-id"

// PrepareBare is Prepare for the disk of an AMI as a cloud has it: without Docker, and without the agent. Recipe.Package is
// not needed.
func PrepareBare(ctx context.Context, e *docker.Engine, r Recipe) (image string, err error) {
	if r.Tell == nil {
		r.Tell = func(string) {}
	}
	unlock, err := lock(ctx, e)
	if err != nil {
		return "", err
	}
	defer unlock()
	base := r.baseReference()
	ref := bareRepository + ":" + short(base, bare)
	found, err := e.Image(ctx, ref)
	if !errors.Is(err, docker.ErrNotFound) {
		return found.ID, err
	}
	if err := r.provideBase(ctx, e, base); err != nil {
		return "", fmt.Errorf("make the Debian of instances: %w", err)
	}
	r.Tell("making the disk of a Debian without Docker")
	if err := alter(ctx, e, alteration{from: base, script: bare, ref: ref, labels: kept(ref)}); err != nil {
		return "", fmt.Errorf("take Docker from the Debian of instances: %w", err)
	}
	found, err = e.Image(ctx, ref)
	return found.ID, err
}

// baseReference changes with all that the base is made of.
func (r Recipe) baseReference() string {
	return baseRepository + ":" + short(suite, strings.Join(packages, " "), r.Base, furnish)
}

func short(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8])
}

func (r Recipe) provideBase(ctx context.Context, e *docker.Engine, ref string) error {
	_, err := e.Image(ctx, ref)
	if !errors.Is(err, docker.ErrNotFound) {
		return err
	}
	if r.Base != "" {
		r.Tell("making a Debian with systemd and Docker of " + r.Base + ", once")
		return furnished(ctx, e, r.Base, ref)
	}
	r.Tell("making a Debian with systemd and Docker by debootstrap, once: this takes a minute or two")
	out, in := io.Pipe()
	made := make(chan error, 1)
	go func() {
		err := Debootstrap(ctx, in)
		in.CloseWithError(err)
		made <- err
	}()
	err = ImportBase(ctx, e, out)
	out.CloseWithError(err) // ends the other side if the engine has given up
	if failed := <-made; failed != nil {
		return failed // the engine knows less of it
	}
	return err
}

// ImportBase gives the engine a Debian that Debootstrap has written, so that Prepare need not make one.
func ImportBase(ctx context.Context, e *docker.Engine, filesystem io.Reader) error {
	ref := Recipe{}.baseReference()
	return e.Import(ctx, filesystem, ref, map[string]string{recipeLabel: ref})
}

// kept are the labels of an image that stays in the engine: unlike the container that it was made of, it is nobody's.
func kept(recipe string) map[string]string {
	return map[string]string{recipeLabel: recipe, ownerLabel: ""}
}

// alteration makes an image of another one.
type alteration struct {
	from   string
	files  []file // to be put there before the script
	script string
	ref    string
	labels map[string]string // of the new one

	volumesFrom string // a container whose volumes the script finds, which are no part of the image
}

func alter(ctx context.Context, e *docker.Engine, a alteration) (err error) {
	owner, err := self()
	if err != nil {
		return err
	}
	id, err := e.Create(ctx, docker.Spec{
		Image: a.from, Command: []string{"sleep", "infinity"}, Labels: map[string]string{ownerLabel: owner, instanceLabel: ""},
		VolumesFrom: a.volumesFrom, CapAdd: []string{"SYS_ADMIN"}, // which sees all attributes of files
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx), e, id)) }()
	packed, err := archive(a.files)
	if err != nil {
		return err
	}
	if err := e.CopyInto(ctx, id, "/", packed); err != nil {
		return err
	}
	if err := e.Start(ctx, id); err != nil {
		return err
	}
	done, err := e.Exec(ctx, id, "sh", "-c", a.script)
	if err != nil {
		return err
	}
	if done.ExitCode != 0 {
		said := &tail{}
		_, _ = io.WriteString(said, done.Output) // keeps all that it can
		return fmt.Errorf("exit code %d: %s", done.ExitCode, said)
	}
	if err := e.Stop(ctx, id, 0); err != nil {
		return err
	}
	_, err = e.Commit(ctx, id, a.ref, a.labels)
	return err
}

// forgetAfter is how long a disk is kept after it was made: another process may be about to run instances from it.
const forgetAfter = 24 * time.Hour

// forgetOthers removes old disks of other packages: each new build of the agent makes one. Those in use stay.
func forgetOthers(ctx context.Context, e *docker.Engine, keep string) error {
	all, err := e.Images(ctx)
	if err != nil {
		return err
	}
	for _, image := range all {
		if image.ID == keep || time.Since(image.Created) < forgetAfter || !strings.HasPrefix(image.Labels[recipeLabel], diskRepository+":") {
			continue
		}
		err := e.RemoveImage(ctx, image.ID)
		if err != nil && !errors.Is(err, docker.ErrInUse) && !errors.Is(err, docker.ErrNotFound) {
			return err
		}
	}
	return nil
}
