package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bluegreen/internal/bake/policy"
	"bluegreen/internal/cli"
	"bluegreen/internal/pattern"
)

// parts are the policies for some commands each, in the order in which they build upon each other.
var parts = []part{{"bake", policy.Bake}, {"promote", policy.Promote}, {"prune", policy.Prune}}

type part struct {
	name string
	make func(policy.Facts) policy.Policy
}

var (
	accountID = pattern.Lazy(`^[0-9]{12}$`)
	roleName  = pattern.Lazy(`^[\w+=,.@/-]{1,512}$`)
)

type policyOptions struct {
	only     []string
	instance bool
	account  string
	role     string
}

func newIAMPolicy(e *env) *cobra.Command {
	var o policyOptions
	cmd := &cobra.Command{
		Use:   "iam-policy",
		Short: "Print the IAM policy that this configuration needs, or that of its instances",
		Long: "iam-policy prints what amibake has to be allowed for this configuration, and no more; with --instance what the role of\n" +
			"builders and test instances has to be, apart from what the app itself needs. It makes no call: the account is the one\n" +
			"that the configuration's ARNs name, or --account, else any (*). A managed policy has room for 6,144 characters, blanks\n" +
			"not counted: a longer one can be had in parts, by --only.",
		Example: "  amibake iam-policy --account 123456789012 >amibake.json\n  amibake iam-policy --only prune",
		Args:    cli.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return printPolicy(cmd, e, o) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.only, "only", nil, "print some `parts` only: bake (plan, bake, verify, list, history), promote, prune (prune, sweep, doctor)")
	f.BoolVar(&o.instance, "instance", false, "print the policy of the role in build.instance_profile")
	f.StringVar(&o.account, "account", "", "the account's 12 `digits`")
	f.StringVar(&o.role, "role", "", "`name` of the role in build.instance_profile, if it is not the profile's")
	return cmd
}

func (o policyOptions) validate() error {
	for _, name := range o.only {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return cli.Usagef("--only: must be bake, promote or prune (got %q)", name)
		}
	}
	switch {
	case o.instance && len(o.only) > 0:
		return cli.Usagef("--only: is no part of the instances' policy")
	case o.account != "" && !accountID().MatchString(o.account):
		return cli.Usagef("--account: must be 12 digits (got %q)", o.account)
	case o.role != "" && !roleName().MatchString(o.role):
		return cli.Usagef("--role: must be the name of a role (got %q)", o.role)
	}
	return nil
}

func printPolicy(cmd *cobra.Command, e *env, o policyOptions) error {
	if err := o.validate(); err != nil {
		return err
	}
	b, err := e.open(cmd.Context())
	if err != nil {
		return err
	}
	facts := b.Facts(o.account, strings.TrimPrefix(o.role, "/"))
	whole := policy.Instance(facts)
	if !o.instance {
		var some []policy.Policy
		for _, p := range parts {
			if len(o.only) == 0 || slices.Contains(o.only, p.name) {
				some = append(some, p.make(facts))
			}
		}
		whole = policy.Join(some...)
	}
	if len(whole.Statement) == 0 {
		e.note("this configuration needs none of it")
		e.notes(facts, o, 0)
		return nil
	}
	text, size, err := whole.JSON()
	if err != nil {
		return err
	}
	if e.json {
		err = e.object(whole)
	} else {
		e.line("%s", text)
	}
	if err != nil {
		return err
	}
	e.notes(facts, o, size)
	return nil
}

// notes say what the policy does not.
func (e *env) notes(facts policy.Facts, o policyOptions, size int) {
	if facts.Account == "*" && size > 0 {
		e.note("the account is not known, and * stands for it: --account 123456789012")
	}
	if o.instance && facts.RunCommand {
		e.note("attach the policy AmazonSSMManagedInstanceCore, too: build.channel is run-command")
	}
	if o.instance {
		e.note("what the app needs to get healthy, and the agent by agent.settings, comes on top of it")
	}
	if size > policy.MaxSize {
		e.note("these are %d characters, and a managed policy has room for %d: --only bake, promote, prune", size, policy.MaxSize)
	}
}

// note tells people something beside a result that programs read.
func (e *env) note(format string, args ...any) { fmt.Fprintf(e.Err, format+"\n", args...) }
