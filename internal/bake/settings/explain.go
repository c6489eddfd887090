package settings

// Mistakes that are common enough to be explained: most are Packer's words for the same thing.

var elsewhere = map[string]string{
	"source_ami": "is base.ami", "ami": "is base.ami", "base_ami": "is base.ami", "source_ami_filter": "is base.filter",
	"ami_name": "is build.name", "instance_type": "belongs into [build]", "subnet": "belongs into [build]",
	"packages": "belongs into [build]", "files": "belongs into [build]", "scripts": "belongs into [build]",
	"tags": "belongs into [build]", "docker": "belongs into [build]", "deb": "is agent.package",
	"regions": "belongs into [promote]", "bucket": "belongs into [staging]",
	"access_key": noCredentials, "secret_key": noCredentials, "token": noCredentials, "profile": noCredentials, "assume_role": noCredentials,
}

const noCredentials = "is refused: credentials do not belong into files; those of the environment or of the instance's role are used"

// Unknown implements config.Explainer.
func (Settings) Unknown(key string) string { return elsewhere[key] }

var elsewhereInBuild = map[string]string{
	"subnet_id": "is subnet", "vpc_id": "is not needed: the subnet says it", "security_group_ids": "is security_groups",
	"security_group_id": "is security_groups", "iam_instance_profile": "is instance_profile", "profile": "is instance_profile",
	"kms_key_id": "is kms_key", "encrypt_boot": "is not needed: AMIs are always encrypted", "run_tags": "is tags",
	"ami_name": "is name", "ami_tags": "is tags", "user_data": "is refused: amibake writes it; use scripts",
	"user_data_file": "is refused: amibake writes it; use scripts", "ssh_username": noLogin, "ssh_interface": noLogin,
	"ssh_keypair_name": noLogin, "key_name": noLogin, "communicator": noLogin, "settings": "is agent.settings",
	"shutdown_behavior": "is not needed: a builder that shuts itself down is terminated", "script": "is scripts, a list",
	"provisioner": "is packages, files and scripts", "ami_regions": "is promote.regions", "ami_users": "is promote.accounts",
	"force_deregister": "is refused: an AMI never replaces another one; `amibake prune` removes those that nobody uses",
}

const noLogin = "is not needed: nobody logs in to a builder"

// Unknown implements config.Explainer.
func (Build) Unknown(key string) string { return elsewhereInBuild[key] }

// Unknown implements config.Explainer.
func (Base) Unknown(key string) string {
	switch key {
	case "owner", "owners", "name", "architecture", "most_recent":
		return "belongs into [base.filter]"
	case "id":
		return "is ami"
	}
	return ""
}

// Unknown implements config.Explainer.
func (Notify) Unknown(key string) string {
	switch key {
	case "webhook", "url", "sns", "topic", "email":
		return "is not there: set an alarm on the metrics in notify.namespace, which notices a run that never was, too"
	}
	return ""
}

// Unknown implements config.Explainer.
func (Prune) Unknown(key string) string {
	if key == "deprecate_after" {
		return "is younger_than: what is neither young, nor among the newest, nor in use is deprecated at once"
	}
	return ""
}
