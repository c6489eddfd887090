package settings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// with is the minimal file with more in it: lines at the top, and tables after those that it has.
func with(text string) string {
	top, tables := text, ""
	if i := strings.Index("\n"+text, "\n["); i >= 0 {
		top, tables = text[:i], text[i:]
	}
	return top + "\n" + minimal + tables
}

// Each fault says where it is, what stands there and what should, and there is but one for each mistake.
func TestFaults(t *testing.T) {
	const (
		ecr   = "app = \"shop\"\nimage = \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1\"\nbuild.subnet = \"subnet-01234567\"\n"
		share = "[promote]\naccounts = [\"210987654321\"]\n"
	)
	for name, c := range map[string]struct{ text, want string }{
		"nothing at all": {"", `app: must be set
image: ` + wantImage + `
build.subnet: must be set: a subnet from which the internet, or the endpoints of AWS and a mirror of the distribution, can be reached`},
		"template":      {with(`region = "{{ .Region }}"`), `region: must be the value itself: this is a template that nobody filled in (got "{{ .Region }}")`},
		"variable":      {with(`region = "$AWS_REGION"`), `region: must be the value itself: nobody expands variables here (got "$AWS_REGION")`},
		"no region":     {with(`region = "Ireland"`), `region: must be a region, such as "eu-west-1" (got "Ireland")`},
		"Packer's word": {with(`source_ami = "ami-1"`), `source_ami: is base.ami`},
		"credentials":   {with(`access_key = "AKIA"`), `access_key: ` + noCredentials},
		"a login":       {with("[promote]\n[build.x]"), "build.x: unknown key"},
		"webhook":       {with("[notify]\nwebhook = \"https://x\""), `notify.webhook: is not there: set an alarm on the metrics in notify.namespace, which notices a run that never was, too`},

		"image by parameter": {strings.Replace(minimal, "registry.example.com/shop:1", "ssm:/shop/image", 1), `image: ` + wantImage + `: an AMI has one image in it, which the agent of an instance may replace (got "ssm:/shop/image")`},
		"image, no tag":      {strings.Replace(minimal, "shop:1", "shop", 1), `image: ` + wantImage + `: without a tag, it would be whatever is latest (got "registry.example.com/shop")`},
		"image, URL":         {strings.Replace(minimal, "registry", "https://registry", 1), `image: ` + wantImage + ` (invalid reference format) (got "https://registry.example.com/shop:1")`},
		"ECR, no role":       {ecr, `build.instance_profile: must be set: the builder logs in to ECR with the role that is in it`},

		"two bases":         {with("[base]\nami = \"ami-01234567\"\nparameter = \"/a\""), `base: must have just one of parameter, ami and filter`},
		"no AMI":            {with("[base]\nami = \"debian\""), `base.ami: must be the id of an AMI, such as "ami-0123456789abcdef0" (got "debian")`},
		"anybody's AMI":     {with("[base.filter]\nname = \"debian-*\""), `base.filter.owner: must be set: anybody can publish an AMI of any name`},
		"no architecture":   {with("[base.filter]\nowner = \"self\"\nname = \"debian-*\"\narchitecture = \"amd64\""), `base.filter.architecture: must be one of x86_64, arm64 (got "amd64")`},
		"base in the wrong": {with("[base]\nowner = \"self\""), `base.owner: belongs into [base.filter]`},

		"no package":       {with("[agent]\npackage = \"none.deb\""), `agent.package: must be a file that can be read: no such file or directory (got "none.deb")`},
		"package of rpm":   {with("[agent]\npackage = \"harden.sh\""), `agent.package: must be a Debian package, such as "bluegreen-agent_1.2.0_amd64.deb" (got "harden.sh")`},
		"nowhere to stage": {"agent.package = \"bluegreen-agent_1.2.0_amd64.deb\"\n" + strings.Split(minimal, "[staging]")[0], `staging.bucket: must be set: agent.package is too large for user data`},
		"agent's app":      {with("[agent]\nsettings = \"takes-over.toml\""), `agent.settings: must not set app: amibake does, to what stands here (got "takes-over.toml")`},

		"docker":        {inBuild(`docker = "podman"`), `build.docker: must be one of docker.io, docker-ce, none (got "podman")`},
		"channel":       {inBuild(`channel = "ssm"`), `build.channel: must be one of console, run-command (got "ssm")`},
		"SSM, no role":  {inBuild(`channel = "run-command"`), `build.instance_profile: must be set: the SSM agent registers with the role that is in it, which needs AmazonSSMManagedInstanceCore`},
		"half a GiB":    {inBuild(`volume_size = "1536MiB"`), `build.volume_size: must be whole GiB, at most 16TiB, such as "16GiB" (got 1536MiB)`},
		"no size":       {inBuild(`volume_size = "16GB"`), `build.volume_size: must be a size such as "512MiB" or "1.5GiB" (got "16GB")`},
		"key":           {inBuild(`kms_key = "amis"`), `build.kms_key: ` + wantKey + ` (got "amis")`},
		"deadline":      {inBuild(`deadline = "5s"`), `build.deadline: must be from 1m to 12h (got 5s)`},
		"expiry":        {inBuild(`expiry = "30m"`), `build.expiry: must be at least build.deadline and verify.deadline together, 45m: what has expired is swept away (got 30m0s)`},
		"package twice": {inBuild(`packages = ["jq", "jq"]`), `build.packages[1]: stands there twice (got "jq")`},
		"options":       {inBuild(`packages = ["-y"]`), `build.packages[0]: must be a package of apt, such as "jq" or "jq=1.6-2.1" (got "-y")`},
		"no script":     {inBuild(`scripts = ["none.sh", "etc"]`), "build.scripts[0]: must be a file that can be read: no such file or directory (got \"none.sh\")\nbuild.scripts[1]: must be a file (got \"etc\")"},
		"name for all":  {inBuild(`name = "{app}"`), `build.name: must have {time} and {key} in it: a name can be had only once (got "{app}")`},
		"placeholder":   {inBuild(`name = "{date}"`), `build.name: must have no placeholder but {app}, {time} and {key} (got "{date}")`},
		"name, letters": {inBuild(`name = "{time}:{key}"`), `build.name: must be made of letters, digits, blanks and ()[]./-'@_ (got "{time}:{key}")`},
		"name, length":  {inBuild(`name = "{time}{key}` + strings.Repeat("x", 106) + `"`), `build.name: must come to at most 128 characters: it comes to 129 (got "{time}{key}` + strings.Repeat("x", 106) + `")`},
		"our tag":       {inBuild(`tags = { "amibake:key" = "1", ManagedBy = "me" }`), "build.tags.ManagedBy: is refused: amibake and AWS set such tags themselves (got \"me\")\nbuild.tags.\"amibake:key\": is refused: amibake and AWS set such tags themselves (got \"1\")"},
		"user data":     {inBuild(`user_data = "#!/bin/sh"`), `build.user_data: is refused: amibake writes it; use scripts`},
		"key pair":      {inBuild(`ssh_keypair_name = "me"`), `build.ssh_keypair_name: ` + noLogin},

		"files": {minimal + `
[[build.files]]
source = "none"
target = "/etc/a"
[[build.files]]
target = "etc/b"
[[build.files]]
source = "harden.sh"
target = "/etc/a"
mode = "4755"
[[build.files]]
source = "harden.sh"
target = "/run/a"
`, `build.files[2].mode: must have no setuid, setgid or sticky bit; a script can set them (got "4755")
build.files[0].source: must be a file or a folder that can be read: no such file or directory (got "none")
build.files[1].source: must be set
build.files[1].target: must be an absolute path without "..", and no "/" at its end (got "etc/b")
build.files[3].target: is refused: what is in /run does not get into an AMI, or does not last (got "/run/a")`},
		"file twice": {minimal + `
[[build.files]]
source = "harden.sh"
target = "/etc/a"
[[build.files]]
source = "tune.sh"
target = "/etc/a"
`, `build.files[1].target: is taken by build.files[0].target (got "/etc/a")`},

		"boot limit":    {with("[verify]\nboot_limit = \"1h\""), `verify.boot_limit: must be from 1s to verify.deadline, 15m (got 1h0m0s)`},
		"port":          {with("[verify]\nports = [0, 22]"), `verify.ports[0]: must be from 1 to 65535 (got 0)`},
		"AWS's place":   {with("[promote]\nparameter = \"/aws/shop\""), `promote.parameter: must not begin with /aws/: those are AWS's (got "/aws/shop")`},
		"round":         {with("[base]\nparameter = \"/bluegreen/shop/ami\""), `promote.parameter: must differ from base.parameter: each AMI would be made of the one before (got "/bluegreen/shop/ami")`},
		"own region":    {with("region = \"eu-west-1\"\n[promote]\nregions = [\"eu-west-1\"]"), `promote.regions[0]: must differ from region: the AMI is there already (got "eu-west-1")`},
		"key elsewhere": {with("[promote]\nkms_keys = { eu-west-1 = \"alias/a\" }"), `promote.kms_keys.eu-west-1: must be for one of promote.regions; in the region of the build, it is build.kms_key (got "alias/a")`},
		"key of another": {
			with("[promote]\nregions = [\"eu-west-2\"]\nkms_keys = { eu-west-2 = \"arn:aws:kms:eu-west-1:123456789012:key/a\" }"),
			`promote.kms_keys.eu-west-2: must be a key of eu-west-2: this one is in eu-west-1 (got "arn:aws:kms:eu-west-1:123456789012:key/a")`,
		},
		"shared, AWS's key": {with(share + "regions = [\"eu-west-2\"]\n"), `build.kms_key: must be a key of your own, because the AMI is to be shared: nobody else can use AWS's key (got "")
promote.kms_keys.eu-west-2: must be a key of your own, because the AMI is to be shared: nobody else can use AWS's key (got "")`},
		"account": {inBuild("kms_key = \"alias/amis\"\n[promote]\naccounts = [\"me\"]\norganizations = [\"o-1\"]\nunits = [\"ou-1\"]"), `promote.accounts[0]: must be an account of 12 digits, in quotes (got "me")
promote.organizations[0]: must be the ARN of an organization, such as "arn:aws:organizations::123456789012:organization/o-abcdefghij" (got "o-1")
promote.units[0]: must be the ARN of an organizational unit, such as "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-cdefghij" (got "ou-1")`},
		"account, number": {with("[promote]\naccounts = [123456789012]"), "promote.accounts[0]: must be a text in quotes (got 123456789012)\nbuild.kms_key: must be a key of your own, because the AMI is to be shared: nobody else can use AWS's key (got \"\")"},

		"prune": {with("[prune]\nkeep = 0\nyounger_than = \"1h\"\ndisable_after = \"0s\"\nderegister_after = \"12h\"\norphans_after = \"1m\""), `prune.keep: must be from 1 to 1000 (got 0)
prune.younger_than: must be at least 1d: a new AMI may be about to be used (got 1h)
prune.disable_after: must be at least 1h: so long may somebody need to notice (got 0d)
prune.deregister_after: must be at least 1d: there is no way back from it (got 12h)
prune.orphans_after: must be at least 1h: an image may be about to be registered (got 1m)`},
		"prune, shared": {inBuild("kms_key = \"alias/amis\"\n" + share + "[prune]\ndisable_after = \"6d\"\nderegister_after = \"2d\""), `prune.disable_after: must be at least 7d where AMIs are shared: reports of their use in other accounts are days behind (got 6d)
prune.deregister_after: must be at least 7d where AMIs are shared: reports of their use in other accounts are days behind (got 2d)`},
		"age": {with("[prune]\nyounger_than = \"2w\"\ndisable_after = 7\nderegister_after = \"99999d\"\norphans_after = \"-1h\""), `prune.deregister_after: must be a time span such as "14d" or "36h" (got "99999d")
prune.disable_after: must be a time span such as "14d" or "36h" (got 7)
prune.orphans_after: must be a time span such as "14d" or "36h" (got "-1h")
prune.younger_than: must be a time span such as "14d" or "36h" (got "2w")`},
		"deprecate": {with("[prune]\ndeprecate_after = \"7d\""), `prune.deprecate_after: is younger_than: what is neither young, nor among the newest, nor in use is deprecated at once`},
		"lease":     {with("[lease]\nterm = \"1s\""), `lease.term: must be from 10s to 1h (got 1s)`},
		"namespace": {with("[notify]\nnamespace = \"AWS/EC2\""), `notify.namespace: must be a namespace of CloudWatch, and not one of AWS's own (got "AWS/EC2")`},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := load(t, material(t), c.text)
			_, got, _ = strings.Cut(got, "\n  ")
			got = strings.ReplaceAll(got, "\n  ", "\n")
			if name == "a login" { // the list of what is known would be too long to repeat
				got, _, _ = strings.Cut(got, ";")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// inBuild has more lines in [build].
func inBuild(text string) string {
	return strings.Replace(minimal, "[build]\n", "[build]\n"+split(text), 1) + tables(text)
}

func split(text string) string { before, _, _ := strings.Cut(text+"\n", "\n["); return before + "\n" }

func tables(text string) string {
	if _, after, ok := strings.Cut(text, "\n["); ok {
		return "[" + after
	}
	return ""
}

func TestBrokenFiles(t *testing.T) {
	dir := material(t)
	_, got := load(t, dir, with("[agent]\nsettings = \"broken.toml\""))
	if !strings.Contains(got, "agent.settings: must be TOML: ") || strings.Count(got, "\n") != 1 {
		t.Errorf("settings that are no TOML: %s", got)
	}
	if _, err := Load(dir + "/none.toml"); err == nil || !strings.HasPrefix(err.Error(), "read the configuration: open ") {
		t.Errorf("no file: %v", err)
	}
}

// Whatever stands in a file, it is refused or complete, and nothing breaks.
func FuzzLoad(f *testing.F) {
	f.Add(minimal)
	f.Add(Template())
	f.Add("build.files = [{source = \"a\", target = \"/b\"}, 1]\nbuild.tags = {a = \"b\"}\nprune.keep = -1\npromote.kms_keys = {x = \"\"}")
	f.Fuzz(func(t *testing.T, text string) {
		s, faults := load(t, t.TempDir(), text)
		if faults == "" && (s.App == "" || s.Build.Subnet == "" || s.Promote.Parameter == "" || s.Prune.Keep < 1) {
			t.Errorf("no fault in %+v", s)
		}
	})
}
