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
		sectionApp(), sectionContainer(), sectionNetwork(), sectionLimits(), sectionHardening(), sectionMounts(), sectionLog(),
		sectionSecrets(), sectionRegistry(), sectionPull(), sectionHealth(), sectionAdmin(), sectionRestart(), sectionGC(),
		sectionLifecycle(), sectionMetrics(),
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
	return section{text: "What runs here.", keys: []key{
		{"app", "required, here or as the tag `bluegreen:app`", `"shop"`, "the app's name: 1 to 21 lower-case letters, digits or hyphens, a letter first"},
		{"color", "unknown", `"blue"`, "`\"blue\"` or `\"green\"`; mostly the tag `bluegreen:color` says it"},
		{"image", "required", `"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.2"`, "a reference with a tag or a digest, or `\"ssm:/PATH\"` for the parameter that holds one. A tag is resolved to a digest once, and the digest is what runs"},
		{"region", "that of the instance", `"eu-west-1"`, "the AWS region"},
		{"tags", "", "", "which instance tags are obeyed: of `\"app\"` (for `bluegreen:app`), `\"color\"` and `\"image\"`. The last may choose another tag or digest of the image above, but no other repository"},
	}}
}

func sectionContainer() section {
	return section{name: "container", text: "How the app runs.", keys: []key{
		{"container.command", "the image's", `["serve", "--port", "8080"]`, "the command, one text for each word"},
		{"container.entrypoint", "the image's", `["/usr/bin/app"]`, "what runs the command, one text for each word"},
		{"container.env", "none", `{ LOG_LEVEL = "info" }`, "variables. Docker writes them to its own files: what is secret belongs into `[secrets]`"},
		{"container.user", "the image's", `"1000:1000"`, "who the app is: a user, and maybe a group, by name or number"},
		{"container.working_dir", "the image's", `"/srv"`, "the folder in which the app starts"},
		{"container.hostname", "the container's id", `"shop"`, "the name that the app sees of its host"},
		{"container.init", "", "", "whether an init runs as process 1, which reaps orphans and hands signals on"},
		{"container.stop_signal", "the image's, or SIGTERM", `"SIGQUIT"`, "the signal that tells the app to stop"},
		{"container.stop_timeout", "", "", "how long the app may take to stop before it is killed"},
	}}
}

func sectionNetwork() section {
	return section{name: "container", text: "Its network.", keys: []key{
		{"container.ports", "none", `["80:8080"]`, "ports of the host that lead to the app: `\"HOST:CONTAINER\"`, with an address of the host before it and `/udp` after it if need be"},
		{"container.network", "", "", "where the app is: `\"bridge\"`, `\"none\"`, the name of a network of Docker, or, loosened, `\"host\"`"},
		{"container.extra_hosts", "none", `{ "db.internal" = "10.0.0.5" }`, "names that the app can look up, and their addresses; `\"host-gateway\"` is the host's"},
		{"container.dns", "the host's", `["10.0.0.2"]`, "addresses of resolvers"},
	}}
}

func sectionLimits() section {
	return section{name: "container", text: "Its limits.", keys: []key{
		{"container.memory", "no limit", `"512MiB"`, "how much memory the app may have; it gets no swap"},
		{"container.cpus", "no limit", "1.5", "how many processors the app may use"},
		{"container.pids", "", "", "how many processes and threads the app may have"},
		{"container.ulimits", "Docker's", `{ nofile = "1024:65536", core = 0 }`, "limits of each of its processes: a number, or `\"SOFT:HARD\"`"},
		{"container.shm_size", "Docker's, 64MiB", `"128MiB"`, "size of `/dev/shm`"},
		{"container.oom_score_adj", "", "", "from 0 to 1000; the higher, the rather it is the app that is killed when the host has no memory left, and not Docker or the agent"},
	}}
}

func sectionHardening() section {
	return section{name: "container", text: "What it may do. All of this is closed; what you open is listed by `bluegreen-agent check`. Privileged containers, devices, the host's processes and Docker's socket are refused.", keys: []key{
		{"container.read_only", "", "", "whether the app cannot change any files but those in `tmpfs` and `mounts`"},
		{"container.tmpfs", "`{ \"/tmp\" = \"64MiB\" }`", `{ "/tmp" = "64MiB", "/run" = "16MiB,mode=0755" }`, "folders in memory: a size, then `exec` to run programs there (loosened) and `mode=`"},
		{"container.capabilities", "none", `["NET_BIND_SERVICE"]`, "capabilities that the app has; all others are dropped. Those that give away the host are refused"},
		{"container.no_new_privileges", "", "", "whether no program in the image can gain rights that the app does not have, such as by setuid"},
		{"container.seccomp", "Docker's profile", `"/etc/bluegreen/seccomp.json"`, "file of another profile of system calls, or `\"unconfined\"`"},
		{"container.apparmor", "Docker's profile", `"shop"`, "name of another profile that is loaded, or `\"unconfined\"`"},
	}}
}

func sectionMounts() section {
	return section{name: "container.mounts", text: "Files and folders of the host that the app sees, one table `[[container.mounts]]` for each.", keys: []key{
		{"container.mounts.source", "required", `"/srv/uploads"`, "an absolute path on the host, which must exist"},
		{"container.mounts.target", "required", `"/uploads"`, "where it is in the container"},
		{"container.mounts.write", "`false`", "true", "whether the app may change it (loosened)"},
	}}
}

func sectionLog() section {
	return section{name: "log", text: "Where the app's output goes.", keys: []key{
		{"log.driver", "", "", "Docker's driver: `\"local\"`, `\"json-file\"`, `\"journald\"` or `\"awslogs\"`"},
		{"log.options", "what bounds it: local and json-file keep `max-file = \"5\"` files of `max-size = \"10m\"`, awslogs never stops the app (`mode = \"non-blocking\"`, `max-buffer-size = \"4m\"`)", `{ max-size = "50m" }`, "options of the driver, as Docker names them, in quotes"},
	}}
}

func sectionSecrets() section {
	return section{name: "secrets.NAME", text: "What only the app should know. Each is a file in memory, below `/run/secrets`.", keys: []key{
		{"secrets.NAME.from", "required", `"secretsmanager:shop/db#password"`, "where it is kept: `\"ssm:/PATH\"`, `\"secretsmanager:NAME\"` or, for one value of a JSON object, `\"secretsmanager:NAME#KEY\"`; NAME may be an ARN"},
		{"secrets.NAME.file", "NAME, unless `env` is set", `"db_password"`, "name of the file"},
		{"secrets.NAME.mode", "`\"0400\"`; `\"0444\"` if only the image knows the number of the app's user", `"0440"`, "permissions of the file"},
		{"secrets.NAME.owner", "the app's user", `"1000:1000"`, "owner of the file, in numbers"},
		{"secrets.NAME.env", "`false`", "true", "whether the app gets it as the variable NAME, too (loosened: Docker writes it to its own files)"},
		{"secrets.NAME.refresh", "never", `"5m"`, "how often to look for a new value; at least 1m"},
		{"secrets.NAME.on_change", "`\"restart\"`", `"restart"`, "what to do about a new value: `\"restart\"` makes a new container, `\"update\"` just writes the file anew"},
	}}
}

func sectionRegistry() section {
	return section{name: `registry."HOST"`, text: "How to log in to a registry. ECR needs none of this: the agent logs in with the instance's role.", keys: []key{
		{"registry.HOST.username", "required", `"robot"`, "who logs in"},
		{"registry.HOST.password", "required", `"ssm:/shop/registry-password"`, "where the password is kept, as in `secrets.NAME.from`; never the password itself"},
	}}
}

func sectionPull() section {
	return section{name: "pull", text: "How the image is fetched.", keys: []key{
		{"pull.policy", "", "", "`\"always\"` asks the registry what a tag stands for, `\"missing\"` only if no image of that name is here, `\"never\"` not at all"},
		{"pull.begin", "", "", "how long until the registry must have begun"},
		{"pull.inactivity", "", "", "how long a pull may stand still"},
		{"pull.total", "", "", "how long a pull may take"},
		{"pull.patience", "", "", "how long to ask a registry that does not answer, before an image that is here is used"},
		{"pull.min_free", "", "", "what must be free on Docker's disk before a pull"},
	}}
}

func sectionHealth() section {
	return section{name: "health", text: "How the app is probed, and where the verdict is served to the load balancer.", keys: []key{
		{"health.listen", "", "", "address and port of `/health`"},
		{"health.probe", "", "", "how: by `\"http\"`, `\"https\"`, `\"tcp\"`, or `\"docker\"`, which is the HEALTHCHECK of the image"},
		{"health.port", "the first of `container.ports`", "80", "port of the host that leads to the app"},
		{"health.path", "", "", "path to ask for"},
		{"health.host", "the address", `"shop.example.com"`, "Host header"},
		{"health.status", "", "", "statuses that are good"},
		{"health.start_period", "", "", "how long failures of an app that starts do not count"},
		{"health.interval", "", "", "how long from one probe to the next"},
		{"health.timeout", "", "", "how long one probe may take"},
		{"health.healthy", "", "", "how many successes in a row make the app healthy"},
		{"health.unhealthy", "", "", "how many failures in a row make it unhealthy"},
		{"health.max_age", "three intervals and a timeout", `"20s"`, "how old a verdict may be; a staler one is a 503"},
	}}
}

func sectionAdmin() section {
	return section{name: "admin", text: "Where `/status`, `/metrics` and `/live` are served.", keys: []key{
		{"admin.listen", "", "", "address and port; any other address than loopback is loosened"},
	}}
}

func sectionRestart() section {
	return section{name: "restart", text: "What is done about an app that fails.", keys: []key{
		{"restart.crashes", "", "", "how often in a row Docker restarts an app that crashes"},
		{"restart.after", "", "", "how long an app may be unhealthy before it is restarted"},
		{"restart.cooldown", "", "", "how long from one restart by the agent to the next"},
		{"restart.budget", "", "", "how many restarts by the agent there may be in an hour"},
		{"restart.escalate", "", "", "whether Auto Scaling is told that the instance is unhealthy, to have it replaced, when the budget is spent"},
	}}
}

func sectionGC() section {
	return section{name: "gc", text: "When old images of the app are removed. The one that runs and the good one before it stay.", keys: []key{
		{"gc.high", "", "", "percent of Docker's disk in use from which on images are removed"},
		{"gc.low", "", "", "percent down to which they are removed then"},
		{"gc.interval", "", "", "how often to look"},
	}}
}

func sectionLifecycle() section {
	return section{name: "lifecycle", text: "How the instance comes and goes.", keys: []key{
		{"lifecycle.launch_hook", "the group's", `"shop-launch"`, "name of the launch hook, when there are several"},
		{"lifecycle.termination_hook", "the group's", `"shop-terminate"`, "name of the termination hook, when there are several"},
		{"lifecycle.launch_deadline", "", "", "how long the app may take to get healthy before the launch is abandoned"},
		{"lifecycle.rebalance", "", "", "whether a rebalance recommendation drains the instance, too. Only where capacity rebalancing brings another instance first"},
		{"lifecycle.deregistration_delay", "as long as the group says", `"30s"`, "how long the container runs on once `/health` says 503"},
		{"lifecycle.notice", "", "", "how long the load balancer takes to see a 503: interval times threshold of its health check, and a little"},
		{"lifecycle.shutdown_limit", "", "", "how long a machine that shuts down is kept waiting"},
		{"lifecycle.poll", "", "", "how often to ask the metadata service"},
		{"lifecycle.group_poll", "", "", "how often to ask Auto Scaling, while launching or draining"},
	}}
}

func sectionMetrics() section {
	return section{name: "metrics", text: "What goes to CloudWatch: the app's memory, processor time, restarts and health, by app and colour.", keys: []key{
		{"metrics.enabled", "", "", "whether anything does"},
		{"metrics.namespace", "", "", "namespace of the metrics in CloudWatch, before `/` and the app's name"},
		{"metrics.interval", "", "", "how often it is sent"},
	}}
}
