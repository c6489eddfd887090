package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bluegreen/internal/cli"
	"bluegreen/internal/demo/lab"
	"bluegreen/internal/sandbox"
	"bluegreen/internal/sandbox/stack"
)

// sandboxOptions are the flags of sandbox.
type sandboxOptions struct {
	stack   string
	speed   float64
	latency time.Duration
	port    int
	seed    uint64
	dir     string
	envFile string
	runtime runtimeOptions
}

// The account that `switcher sandbox` makes: its launch hook, and the version that is bad on purpose.
const (
	hookSeconds = 30
	badVersion  = "errors=0.5"
)

func newSandbox(e *env) *cobra.Command {
	o := &sandboxOptions{}
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run an AWS account on this machine, with an app in it, until interrupted",
		Long: "sandbox runs an AWS account on loopback addresses of this machine: its APIs as the SDKs and the aws CLI speak them, and\n" +
			"behind them name servers, load balancers and instances that answer for real. In it stands an app with a blue stack that\n" +
			"serves and a green one that is ready. It prints the variables that take switcher and the aws CLI there.",
		Example: "  switcher sandbox\n  switcher sandbox --speed 1 --latency 50ms\n  switcher sandbox --env-file sandbox.env & … ; . ./sandbox.env",
		Args:    cli.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runSandbox(cmd.Context(), e, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.stack, "stack", "alb", "`kind` of account: alb, an app behind two application load balancers")
	f.Float64Var(&o.speed, "speed", 30, "how many `times` faster than on AWS its own delays pass, TTLs included")
	f.DurationVar(&o.latency, "latency", 0, "how long every API call takes")
	f.IntVar(&o.port, "port", sandbox.DefaultPort, "`port` of the AWS endpoint")
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of every identifier and random choice")
	f.StringVar(&o.dir, "dir", "", "`directory` for the configuration file; a temporary one that goes with the sandbox if empty")
	f.StringVar(&o.envFile, "env-file", "", "`file` that gets the export lines once the sandbox is ready")
	o.runtime.flags(cmd)
	return cmd
}

func (o *sandboxOptions) check() error {
	switch {
	case o.stack != "alb":
		return cli.Usagef("--stack: unknown kind %q: want alb", o.stack)
	case o.speed < 1 || o.speed > 1000:
		return cli.Usagef("--speed: must be from 1 to 1000 (got %g)", o.speed)
	case o.latency < 0:
		return cli.Usagef("--latency: must not be negative (got %s)", o.latency)
	case o.port < 1 || o.port > 65535:
		return cli.Usagef("--port: must be from 1 to 65535 (got %d)", o.port)
	}
	return nil
}

func runSandbox(ctx context.Context, e *env, o *sandboxOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	docker, err := o.runtime.docker(func(what string) { fmt.Fprintln(e.Err, what) })
	if err != nil {
		return err
	}
	fmt.Fprintln(e.Err, "starting the account; blue gets its instances")
	l, err := lab.Open(ctx, o.dir, lab.Options{
		Spec:  stack.Spec{HookSeconds: hookSeconds, Behaviors: map[string]string{"v3": badVersion}},
		Speed: o.speed, Latency: o.latency, Port: o.port, Seed: o.seed, Docker: docker,
	})
	if err != nil {
		return err
	}
	defer l.Close()
	guide, err := newSandboxGuide(ctx, l)
	if err != nil {
		return err
	}
	if err := guide.print(e); err != nil {
		return err
	}
	if err := guide.writeEnv(o.envFile); err != nil {
		return err
	}
	fmt.Fprintln(e.Err, "ready; Ctrl-C ends it")
	<-ctx.Done()
	return nil // to be interrupted is how it ends
}

// sandboxGuide is what a sandbox tells its users.
type sandboxGuide struct {
	lab  *lab.Lab
	blue string // address and port of blue's load balancer
}

func newSandboxGuide(ctx context.Context, l *lab.Lab) (*sandboxGuide, error) {
	blue, err := l.Balancer(ctx, "blue")
	return &sandboxGuide{lab: l, blue: blue}, err
}

func (g *sandboxGuide) print(e *env) error {
	if e.json {
		return g.printJSON(e)
	}
	_, err := fmt.Fprint(e.Out, g.exports()+g.hints())
	return err
}

// exports are lines for a POSIX shell.
func (g *sandboxGuide) exports() string {
	var b strings.Builder
	for _, v := range g.lab.Environment() {
		if v.Value == "" {
			fmt.Fprintf(&b, "unset %s\n", v.Name)
			continue
		}
		fmt.Fprintf(&b, "export %s=%s\n", v.Name, shellQuote(v.Value))
	}
	return b.String()
}

// shellQuote quotes what a shell would not take literally.
func shellQuote(text string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("-_./:", r)
	}
	if strings.TrimFunc(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// hints are things to try, as comments, so that the whole may be sourced.
func (g *sandboxGuide) hints() string {
	host, port, _ := strings.Cut(g.lab.Sandbox.Resolver(), ":")
	name, url := g.lab.Made.Spec.Names[0], g.lab.Sandbox.Endpoint()
	images := g.lab.Made.Images
	lines := []string{
		"",
		"In another terminal, with the lines above:",
		"  switcher status",
		"  switcher plan --to green",
		"  switcher cutover --to green --yes",
		"  switcher rollback --yes",
		"  aws elbv2 describe-load-balancers",
		fmt.Sprintf("  dig @%s -p %s %s", host, port, name),
		fmt.Sprintf("  curl -i -H 'Host: %s' http://%s/", name, g.blue),
	}
	if g.lab.Bakes() {
		lines = append(lines, "  amibake plan", "  amibake bake --promote")
	}
	lines = append(lines,
		"",
		"Images, by the tag sandbox:behavior; blue runs v1, green is to run v2:",
		fmt.Sprintf("  v1 %s, v2 %s, v4 %s: healthy", images["v1"], images["v2"], images["v4"]),
		fmt.Sprintf("  v3 %s: passes health checks, and fails half of all other requests (%s)", images["v3"], badVersion),
		fmt.Sprintf("  v2-arm64 %s: for machines that are not ours", images["v2-arm64"]),
		"",
		"Faults, latency and the log of all calls:",
		fmt.Sprintf("  curl -d '{\"service\":\"route53\",\"action\":\"throttle\",\"times\":20}' %s/_sandbox/faults", url),
		fmt.Sprintf("  curl -d '{\"latency\":\"50ms\"}' %s/_sandbox/latency", url),
		fmt.Sprintf("  curl -X DELETE %s/_sandbox/faults", url),
		fmt.Sprintf("  curl %s/_sandbox/calls", url),
	)
	return strings.ReplaceAll("# "+strings.Join(lines, "\n# ")+"\n", "# \n", "#\n")
}

func (g *sandboxGuide) printJSON(e *env) error {
	vars := map[string]string{}
	for _, v := range g.lab.Environment() {
		if v.Value != "" {
			vars[v.Name] = v.Value
		}
	}
	err := json.NewEncoder(e.Out).Encode(map[string]any{
		"event": "sandbox", "env": vars, "blue": g.blue, "ca_file": g.lab.CAFile(), "images": g.lab.Made.Images,
	})
	if err != nil {
		return fmt.Errorf("print the sandbox: %w", err)
	}
	return nil
}

// writeEnv makes the file appear whole: whoever waits for it may read it at once.
func (g *sandboxGuide) writeEnv(file string) error {
	if file == "" {
		return nil
	}
	aside, err := os.CreateTemp(filepath.Dir(file), ".sandbox-env-")
	if err == nil {
		_, err = aside.WriteString(g.exports())
		if closed := aside.Close(); err == nil {
			err = closed
		}
	}
	if err == nil {
		err = os.Rename(aside.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write the export lines: %w", err)
	}
	return nil
}
