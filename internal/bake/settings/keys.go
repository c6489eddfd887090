package settings

import "bluegreen/internal/config/describe"

// The keys are written down here, and are those of package describe: a literal of another package would have to name its fields.
type (
	key     describe.Key
	section struct {
		name, text string
		keys       []key
	}
)

// sections describe all keys, in the order of the reference and of the file in the package.
func sections() (all []describe.Section) {
	for _, s := range []section{
		sectionApp(), sectionBase(), sectionFilter(), sectionAgent(), sectionBuild(), sectionContent(), sectionNames(), sectionFiles(),
		sectionStaging(), sectionVerify(), sectionPromote(), sectionPrune(), sectionLease(), sectionNotify(),
	} {
		described := describe.Section{Name: s.name, Text: s.text}
		for _, k := range s.keys {
			described.Keys = append(described.Keys, describe.Key(k))
		}
		all = append(all, described)
	}
	return all
}

func sectionApp() section {
	return section{text: "What the AMIs are for.", keys: []key{
		{"app", "required", `"shop"`, "the app's name: 1 to 21 lower-case letters, digits or hyphens, a letter first"},
		{"region", "that of the environment", `"eu-west-1"`, "the AWS region where AMIs are made"},
		{"image", "required", `"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.2"`, "the app's image, with a tag or a digest. What the tag stands for when a bake begins is what gets into the AMI"},
	}}
}

func sectionBase() section {
	return section{name: "base", text: "The AMI that ours are made of: Debian 12 or 13, or Ubuntu 22.04 or 24.04. A new one is a reason to bake. One of three ways to say it.", keys: []key{
		{"base.parameter", "`\"" + DefaultParameter + "\"`, unless one of the others is set", `"` + DefaultParameter + `"`, "a parameter that holds its id, such as the public ones of Canonical and Debian (`/aws/service/debian/release/12/latest/amd64`)"},
		{"base.ami", "none", `"ami-0123456789abcdef0"`, "its id, which never changes by itself"},
	}}
}

func sectionFilter() section {
	return section{name: "base.filter", text: "The newest AMI of an owner.", keys: []key{
		{"base.filter.owner", "required", `"136693071363"`, "whose: an account of 12 digits, `\"self\"`, `\"amazon\"` or `\"aws-marketplace\"`"},
		{"base.filter.name", "required", `"debian-12-amd64-*"`, "its name, with * and ? for what varies"},
		{"base.filter.architecture", "`\"x86_64\"`", `"arm64"`, "`\"x86_64\"` or `\"arm64\"`"},
	}}
}

func sectionAgent() section {
	return section{name: "agent", text: "What runs the app's container on the instances.", keys: []key{
		{"agent.package", "none: the base AMI has the agent", `"bluegreen-agent_1.2.0_amd64.deb"`, "its Debian package, for the architecture of the base AMI. It needs `[staging]`"},
		{"agent.settings", "none", `"shop.agent.toml"`, "a file of settings for the agent, such as `container.ports`, that gets into the AMI. User data goes over it. `app` and `image` follow from those above"},
	}}
}

func sectionBuild() section {
	return section{name: "build", text: "The instance that an AMI is made of. Nobody logs in to it, and nothing connects to it; it needs a way out.", keys: []key{
		{"build.instance_type", "", "", "its type, of the architecture of the base AMI"},
		{"build.subnet", "required", `"subnet-0123456789abcdef0"`, "where it is: a subnet from which the internet, or the endpoints of AWS and a mirror of the distribution, can be reached"},
		{"build.security_groups", "the VPC's own", `["sg-0123456789abcdef0"]`, "its security groups; they need no rule for what comes in"},
		{"build.instance_profile", "none; required if the image is in ECR", `"amibake-builder"`, "the instance profile with the role by which it pulls the image"},
		{"build.volume_size", "that of the base AMI", `"16GiB"`, "size of its disk, and so of those of the instances, in whole GiB"},
		{"build.kms_key", "the account's own for EBS", `"alias/amis"`, "the key that the disk is encrypted with: id, ARN or `alias/NAME`. An AMI that is to be shared needs one of your own"},
		{"build.spot", "", "", "whether it is a spot instance. When AWS takes it away, the bake has failed"},
		{"build.channel", "", "", "how it is heard, and so is the instance that tests the AMI: `\"console\"` is what it prints on its console; `\"run-command\"` is Run Command of Systems Manager, for types of instances whose console is late. That needs the SSM agent on the base AMI and the policy AmazonSSMManagedInstanceCore in the role of `build.instance_profile`"},
		{"build.deadline", "", "", "how long until it must be provisioned"},
		{"build.expiry", "", "", "how long a run's instances may live: then they end themselves, whatever became of amibake, and `amibake sweep` takes what is left. At least the deadlines of build and verify together. A test instance that is launched late may live beyond that, for as long as `verify.deadline` takes"},
		{"build.no_reboot", "", "", "whether the AMI is made while the instance runs. That is faster by a minute, and what programs have not written to the disk by then is not in it"},
	}}
}

func sectionContent() section {
	return section{name: "build", text: "What is done on it. It is done in this order: files, packages, Docker, the agent, the image, scripts. All of it counts for whether a bake is due.", keys: []key{
		{"build.docker", "", "", "where Docker is from: `\"docker.io\"` is the distribution's package, `\"docker-ce\"` Docker's own, `\"none\"` means that the base AMI has it"},
		{"build.packages", "none", `["jq", "chrony=4.3-2"]`, "packages of the distribution that are installed unless they are there"},
		{"build.scripts", "none", `["harden.sh", "tune.sh"]`, "programs of this machine that run on it as root, one after the other, in an empty working directory. One that ends with another code than 0 ends the bake, and the last lines that were printed are in the message"},
	}}
}

func sectionNames() section {
	return section{name: "build", text: "How things are named.", keys: []key{
		{"build.name", "", "", "the AMIs' name. `{app}`, `{time}` and `{key}` stand for the app, the time at which the run began and 8 characters of the bake key; the latter two must be there"},
		{"build.tags", "none", `{ Owner = "team-shop", Cost-Center = "42" }`, "tags of AMIs, snapshots, instances and volumes, beside amibake's own"},
	}}
}

func sectionFiles() section {
	return section{name: "build.files", text: "Files that get into the AMI, one table `[[build.files]]` for each. They belong to root, and come before anything is installed, so that they can configure it.", keys: []key{
		{"build.files.source", "required", `"etc/sysctl.d/90-shop.conf"`, "a file here, or a folder, with all that is in it; relative to the folder of this configuration"},
		{"build.files.target", "required", `"/etc/sysctl.d/90-shop.conf"`, "an absolute path on the AMI"},
		{"build.files.mode", "`\"0755\"` for what its owner may run here, `\"0644\"` for the rest", `"0600"`, "permissions"},
	}}
}

func sectionStaging() section {
	return section{name: "staging", text: "Where files wait for the instance, which fetches them by an URL that expires. They are removed when the run ends.", keys: []key{
		{"staging.bucket", "required with `agent.package`, and if the files are too large for user data", `"shop-amibake"`, "a bucket of S3 in the same region"},
		{"staging.prefix", "", "", "what the keys in it begin with"},
	}}
}

func sectionVerify() section {
	return section{name: "verify", text: "The instance on which an AMI proves itself before it is promoted: it boots, the app gets healthy, and the instance is ended.", keys: []key{
		{"verify.instance_type", "`build.instance_type`", `"t3.small"`, "its type; best that of the instances to come"},
		{"verify.deadline", "", "", "how long until there must be a verdict"},
		{"verify.boot_limit", "", "", "how long from its boot the app may take to be healthy"},
		{"verify.ports", "", "", "ports, TCP or UDP, that may be open beside those that the app's container publishes: 22 for SSH, 68 and 546 for DHCP, 9180 for the agent. Any other fails the AMI"},
	}}
}

func sectionPromote() section {
	return section{name: "promote", text: "Who gets an AMI that is proven. The parameter is moved last, when all else is done.", keys: []key{
		{"promote.parameter", "`\"/bluegreen/APP/ami\"`", `"/bluegreen/shop/ami"`, "the parameter of Parameter Store that names the current AMI; that with `-previous` behind it names the one before"},
		{"promote.regions", "none", `["eu-central-1", "us-east-1"]`, "regions to which it is copied"},
		{"promote.kms_keys", "each region's own for EBS", `{ eu-central-1 = "alias/amis", us-east-1 = "alias/amis" }`, "keys by which the copies are encrypted, by region"},
		{"promote.accounts", "none", `["210987654321"]`, "accounts that may launch it"},
		{"promote.organizations", "none", `["arn:aws:organizations::123456789012:organization/o-abcdefghij"]`, "ARNs of organizations whose accounts may"},
		{"promote.units", "none", `["arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-cdefghij"]`, "ARNs of organizational units whose accounts may"},
		{"promote.launch_template", "none", `"lt-0123456789abcdef0"`, "id of a launch template that gets a new version with it; which version is the default stays as it is"},
	}}
}

func sectionPrune() section {
	return section{name: "prune", text: "What `amibake prune` keeps although nobody uses it. What anything uses is always kept. The rest is deprecated, then disabled, then deregistered with its snapshots, one step per run. Ages are written as `\"14d\"` or `\"36h\"`.", keys: []key{
		{"prune.keep", "", "", "how many of the newest verified AMIs stay, in each region"},
		{"prune.younger_than", "", "", "AMIs younger than this stay"},
		{"prune.disable_after", "", "", "how long an AMI is deprecated, which changes nothing for those who know its id, before nothing can be launched from it. At least 7 days where AMIs are shared"},
		{"prune.deregister_after", "", "", "how long an AMI is disabled, which can be undone, before it is deregistered. At least 7 days where AMIs are shared"},
		{"prune.orphans_after", "", "", "how old a snapshot must be whose AMI is gone"},
	}}
}

func sectionLease() section {
	return section{name: "lease", text: "One run works on an app at a time.", keys: []key{
		{"lease.term", "", "", "how long a run may be silent until another one takes its place"},
	}}
}

func sectionNotify() section {
	return section{name: "notify", text: "Who hears of a run: whoever watches these metrics. An alarm that treats missing data as breaching notices a run that never was, too.", keys: []key{
		{"notify.namespace", "", "", "namespace of CloudWatch for the metrics; `\"\"` for none"},
	}}
}
