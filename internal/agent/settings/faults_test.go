package settings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each fault says where it is, what stands there and what should, and there is but one for each mistake.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"template":              {`app = "{{ .App }}"`, `app: must be the value itself: this is a template that nobody filled in (got "{{ .App }}")`},
		"empty template":        {`region = "<no value>"`, `region: must be the value itself: this is a template that nobody filled in (got "<no value>")`},
		"variable":              {`region = "${AWS_REGION}"`, `region: must be the value itself: nobody expands variables here (got "${AWS_REGION}")`},
		"variable in a list":    {`container.dns = ["$DNS_SERVER"]`, `container.dns[0]: must be the value itself: nobody expands variables here (got "$DNS_SERVER")`},
		"variable in a port":    {`container.ports = ["${PORT}:80"]`, `container.ports[0]: must be the value itself: nobody expands variables here (got "${PORT}:80")`},
		"command substitution":  {`container.hostname = "$(hostname)"`, `container.hostname: must be the value itself: nobody expands variables here (got "$(hostname)")`},
		"variable in a command": {`container.command = ["serve", "--port", "$PORT"]`, `container.command: must be the value itself: nobody expands variables here; a shell does: ["sh", "-c", "exec …"] (got ["serve", "--port", "$PORT"])`},
		"template in a command": {`container.command = ["serve", "{{port}}"]`, `container.command: must be the value itself: this is a template that nobody filled in (got ["serve", "{{port}}"])`},
		"command as a text":     {`container.command = "python app.py"`, `container.command: must be a list with one text for each word: ["python", "app.py"] (got "python app.py")`},
		"command as one word":   {`container.command = ["python app.py", "-v"]`, `container.command: must be one word: nobody splits it at blanks. You probably meant ["python", "app.py", "-v"] (got ["python app.py", "-v"])`},
		"entrypoint as one word": {
			`container.entrypoint = ["/bin/sh -c"]`,
			`container.entrypoint: must be one word: nobody splits it at blanks. You probably meant ["/bin/sh", "-c"] (got ["/bin/sh -c"])`,
		},
		"number in a command": {`container.command = ["serve", 8080]`, `container.command: must be a list of texts in quotes, numbers too: ["serve", "--port", "8080"] (got ["serve", 8080])`},
		"empty command":       {`container.command = []`, `container.command: must have a word; leave it out to have the image's own (got [])`},

		"privileged":       {`container.privileged = true`, `container.privileged: is refused: the container could do all that the host can. Add what it needs to container.capabilities`},
		"devices":          {`container.devices = ["/dev/sda"]`, `container.devices: is refused: the container would get at the host's devices`},
		"host processes":   {`container.pid = "host"`, `container.pid: is refused: the container would see, and could stop, the host's processes`},
		"volumes":          {`container.volumes = ["/a:/b"]`, `container.volumes: is container.mounts, with source, target and write`},
		"colour":           {`colour = "blue"`, `colour: is color`},
		"misplaced":        {`memory = "1GiB"`, `memory: belongs into [container]`},
		"value of secret":  {"[secrets.A]\nfrom = \"ssm:/a\"\nvalue = \"hunter2\"", `secrets.A.value: is refused: secrets do not belong into files; from says where it is kept`},
		"all capabilities": {`container.capabilities = ["ALL"]`, `container.capabilities[0]: is refused: name those that the app needs (got "ALL")`},
		"owning the host":  {`container.capabilities = ["cap_sys_admin"]`, `container.capabilities[0]: is refused: with it, the container can take over the host (got "SYS_ADMIN")`},
		"no capability":    {`container.capabilities = ["NET_BIND"]`, `container.capabilities[0]: must be a capability, such as "NET_BIND_SERVICE" (got "NET_BIND")`},
		"twice":            {`container.capabilities = ["CHOWN", "CAP_CHOWN"]`, `container.capabilities[1]: stands there twice (got "CHOWN")`},
		"other container":  {`container.network = "container:db"`, `container.network: is refused: the app would depend on a container that the agent knows nothing of (got "container:db")`},
		"no network":       {`container.network = "a b"`, `container.network: must be "bridge", "host", "none" or the name of a network of Docker (got "a b")`},
		"ports of host": {
			"container.network = \"host\"\nhealth.port = 80", `container.ports: must not be set when container.network = "host": there is nothing to publish`,
		},
		"relative seccomp": {`container.seccomp = "seccomp.json"`, `container.seccomp: must be the absolute path of a profile, or "unconfined" (got "seccomp.json")`},
		"apparmor":         {`container.apparmor = "a b"`, `container.apparmor: must be the name of a profile that is loaded, or "unconfined" (got "a b")`},

		"no app name":      {`app = "My_App"`, `app: must be 1 to 21 lower-case letters, digits or hyphens, a letter first (got "My_App")`},
		"no color":         {`color = "red"`, `color: must be one of blue, green (got "red")`},
		"no region":        {`region = "Ireland"`, `region: must be a region, such as "eu-west-1" (got "Ireland")`},
		"no tag":           {`tags = ["env"]`, `tags[0]: must be one of app, color, image (got "env")`},
		"image, no tag":    {`image = "shop"`, `image: ` + wantImage + `: without a tag, it would be whatever is latest (got "shop")`},
		"image, URL":       {`image = "https://ghcr.io/shop:1"`, `image: ` + wantImage + `, without https:// (got "https://ghcr.io/shop:1")`},
		"image, nonsense":  {`image = "Shop:1"`, `image: ` + wantImage + ` (invalid reference format: repository name (library/Shop) must be lowercase) (got "Shop:1")`},
		"image, parameter": {`image = "ssm:shop"`, `image: must be "ssm:" and the path of a parameter, such as "ssm:/shop/image" (got "ssm:shop")`},
		"image, number":    {`image = 1`, `image: ` + wantImage + ` (got 1)`},
		"image, sha512":    {`image = "a@sha512:` + strings.Repeat("0", 128) + `"`, `image: must have a digest by sha256, if any (got "a@sha512:` + strings.Repeat("0", 128) + `")`},

		"user":          {`container.user = "a b"`, `container.user: must be a user, and maybe a group, such as "app", "1000" or "1000:1000" (got "a b")`},
		"folder":        {`container.working_dir = "srv"`, `container.working_dir: must be an absolute path without . and .. in it (got "srv")`},
		"signal":        {`container.stop_signal = "TERM"`, `container.stop_signal: must be the name of a signal, such as "SIGTERM" or "SIGQUIT" (got "TERM")`},
		"stop at once":  {`container.stop_timeout = "0s"`, `container.stop_timeout: must be from 1s to 1h (got 0s)`},
		"host name":     {`container.hostname = "-shop"`, `container.hostname: must be a host name (got "-shop")`},
		"variable name": {`container.env."A-B" = "x"`, `container.env: must have names of letters, digits and underscores, no digit first (got "A-B")`},
		"zero byte":     {`container.env.A = "x\u0000"`, `container.env.A: must not have a zero byte in it`},
		"little memory": {`container.memory = "1MiB"`, `container.memory: must be at least 6MiB, or 0B for no limit (got 1MiB)`},
		"memory":        {`container.memory = "512m"`, `container.memory: must be a size such as "512MiB" or "1.5GiB" (got "512m")`},
		"processors":    {`container.cpus = 0.001`, `container.cpus: must be from 0.01 to 1024, or 0 for no limit (got 0.001)`},
		"processes":     {`container.pids = 0`, `container.pids: must be from 1 to 4194304 (got 0)`},
		"immune":        {`container.oom_score_adj = -1000`, `container.oom_score_adj: must be from 0 to 1000 (got -1000)`},
		"ulimit":        {`container.ulimits.files = 1`, `container.ulimits.files: must be one of ` + strings.Join(ulimitNames, ", ") + ` (got 1:1)`},
		"ulimit order":  {`container.ulimits.nofile = "2:1"`, `container.ulimits.nofile: must have a soft limit that is not above the hard one (got "2:1")`},
		"address":       {`container.dns = ["dns"]`, `container.dns[0]: must be an address (got "dns")`},
		"extra host":    {`container.extra_hosts.db = "db2"`, `container.extra_hosts.db: must be an address, or "host-gateway" (got "db2")`},
		"extra name":    {`container.extra_hosts."a:b" = "10.0.0.1"`, `container.extra_hosts: must have host names (got "a:b")`},

		"twice the same port": {
			`container.ports = ["80:8080", "127.0.0.1:80:81"]`, `container.ports[1]: publishes the same port of the host as 80:8080 (got 127.0.0.1:80:81)`,
		},
		"port of the container": {
			`container.ports = ["8080"]`, `container.ports[0]: must be "HOST:CONTAINER", such as "80:8080", "127.0.0.1:80:8080" or "53:53/udp" (got "8080")`,
		},

		"docker socket":   {mount("/var/run/docker.sock", "/x"), `container.mounts[0].source: is refused: there is Docker's socket: whoever may use it is root on the host (got "/var/run/docker.sock")`},
		"around a socket": {mount("/run", "/x"), `container.mounts[0].source: is refused: there is Docker's socket: whoever may use it is root on the host (got "/run")`},
		"the whole host":  {mount("/", "/x"), `container.mounts[0].source: is refused: there is the host's processes (got "/")`},
		"a device":        {mount("/dev/sda", "/x"), `container.mounts[0].source: is refused: there is the host's devices (got "/dev/sda")`},
		"a way around":    {mount("/srv/../run", "/x"), `container.mounts[0].source: must be an absolute path without . and .. in it: a file or directory of the host (got "/srv/../run")`},
		"a volume":        {mount("data", "/x"), `container.mounts[0].source: must be an absolute path without . and .. in it: a file or directory of the host (got "data")`},
		"over everything": {mount("/srv", "/"), `container.mounts[0].target: is refused: the container has its own there (got "/")`},
		"over processes":  {mount("/srv", "/proc/1"), `container.mounts[0].target: is refused: the container has its own there (got "/proc/1")`},
		"a colon":         {mount("/srv", "/a:b"), `container.mounts[0].target: must be an absolute path without . and .. in it or a colon (got "/a:b")`},
		"the same target": {mount("/srv", "/x") + mount("/opt", "/x/"), `container.mounts[1].target: is taken by container.mounts[0].target (got "/x/")`},
		"over a tmpfs":    {mount("/srv", "/y") + "[container.tmpfs]\n\"/y\" = \"1MiB\"", `container.tmpfs."/y": is taken by container.mounts[0].target (got "/y")`},
		"tmpfs, no size":  {`container.tmpfs."/y" = "exec"`, `container.tmpfs."/y": must begin with a size, such as "64MiB" or "64MiB,exec,mode=0755" (got "exec")`},
		"tmpfs, too much": {`container.tmpfs."/y" = "1MiB,suid"`, `container.tmpfs."/y": must be a size, and then "exec" or "mode=0755" or both, after commas (got "1MiB,suid")`},
		"tmpfs, mode":     {`container.tmpfs."/y" = "1MiB,mode=9"`, `container.tmpfs."/y": has a mode that must be permissions in octal digits, such as "0440" (got "1MiB,mode=9")`},
		"tmpfs, tiny":     {`container.tmpfs."/y" = "1B"`, `container.tmpfs."/y": must have at least 4KiB (got 1B)`},

		"no driver":         {`log.driver = "file"`, `log.driver: must be one of awslogs, journald, json-file, local (got "file")`},
		"refused driver":    {`log.driver = "none"`, `log.driver: is refused: nobody could see why the app fails (got "none")`},
		"no option":         {`log.options.max-sizes = "1m"`, `log.options.max-sizes: is no option of local; known here: compress, max-buffer-size, max-file, max-size, mode (got "1m")`},
		"leaking option":    {`log.options.env-regex = "."`, `log.options.env-regex: is refused: it writes the app's environment into its log (got ".")`},
		"no bound":          {`log.options.max-size = "-1"`, `log.options.max-size: must be a size in Docker's way, such as "10m"; there is no way to have no limit (got "-1")`},
		"one file":          {`log.options.max-file = "1"`, `log.options.max-file: must be a number in quotes, from "2" to "1000" (got "1")`},
		"number for text":   {`log.options.max-file = 5`, `log.options.max-file: must be a text in quotes (got 5)`},
		"empty option":      {`log.options.max-size = ""`, `log.options.max-size: must be a text of one line (got "")`},
		"no group":          {`log.driver = "awslogs"`, `log.options.awslogs-group: must be set when log.driver = "awslogs"`},
		"unused buffer":     {`log.options.max-buffer-size = "1m"`, `log.options.max-buffer-size: must not be set unless mode = "non-blocking"`},
		"two ways to split": {"[log]\ndriver = \"awslogs\"\noptions = {awslogs-group = \"g\", awslogs-datetime-format = \"%Y\", awslogs-multiline-pattern = \"^x\"}", `log.options.awslogs-datetime-format: must not be set together with awslogs-multiline-pattern`},

		"secret from nowhere": {`secrets.A.file = "a"`, `secrets.A.from: must be set: "ssm:/PATH", "secretsmanager:NAME" or "secretsmanager:NAME#KEY"`},
		"secret itself":       {`secrets.A.from = "hunter2"`, `secrets.A.from: must say where it is kept: "ssm:/PATH", "secretsmanager:NAME" or "secretsmanager:NAME#KEY"; secrets do not belong into files (what stands there is not shown)`},
		"secret as a text":    {`secrets.A = "hunter2"`, `secrets.A: must be a table (what stands there is not shown)`},
		"secret's name":       {`secrets."1a" = {from = "ssm:/a"}`, `secrets: must have names of letters, digits, dots, hyphens and underscores, no digit first (got "1a")`},
		"secret's file":       {secret("A", `file = "../a"`), `secrets.A.file: must be the name of a file, which is below /run/secrets (got "../a")`},
		"same file":           {secret("A", `file = "B"`) + secret("B", ""), `secrets.B.file: is that of secrets.A, too (got "B")`},
		"secret's mode":       {secret("A", `mode = 0o440`), `secrets.A.mode: must be permissions in octal digits, such as "0440" (got 288)`},
		"secret's owner":      {secret("A", `owner = "app"`), `secrets.A.owner: must be numbers, such as "1000" or "1000:1000": the host does not know the names in the image (got "app")`},
		"secret's variable":   {secret(`"a.b"`, "env = true"), `secrets."a.b".env: must not be set for a name that is none of a variable (got true)`},
		"variable twice":      {secret("A", "env = true") + "[container.env]\nA = \"x\"", `secrets.A.env: sets a variable that container.env sets, too (got true)`},
		"variable, updated":   {secret("A", "env = true\non_change = \"update\""), `secrets.A.on_change: must be "restart" when env = true: the variables of a running app cannot be changed (got "update")`},
		"often refreshed":     {secret("A", `refresh = "1s"`), `secrets.A.refresh: must be at least 1m0s (got 1s)`},
		"on change":           {secret("A", `on_change = "reload"`), `secrets.A.on_change: must be one of restart, update (got "reload")`},
		"over the secrets":    {secret("A", "") + mount("/srv", "/run/secrets"), `container.mounts[0].target: is taken by the files of [secrets] (got "/run/secrets")`},

		"password itself":  {"registry.\"ghcr.io\" = {username = \"u\", password = \"hunter2\"}", `registry."ghcr.io".password: must say where it is kept: "ssm:/PATH", "secretsmanager:NAME" or "secretsmanager:NAME#KEY"; secrets do not belong into files (what stands there is not shown)`},
		"no user":          {"registry.localhost = {password = \"ssm:/p\"}", `registry.localhost.username: must be set`},
		"no password":      {"registry.\"ghcr.io\" = {username = \"u\"}", `registry."ghcr.io".password: must be set: "ssm:/PATH", "secretsmanager:NAME" or "secretsmanager:NAME#KEY"`},
		"ECR":              {"registry.\"1.dkr.ecr.eu-west-1.amazonaws.com\" = {}", `registry."1.dkr.ecr.eu-west-1.amazonaws.com": is not needed: the agent logs in to ECR with the instance's role`},
		"registry's URL":   {"registry.\"https://ghcr.io\" = {}", `registry: must have hosts, such as "ghcr.io" or "registry.example.com:5000" (got "https://ghcr.io")`},
		"policy":           {`pull.policy = "if-not-present"`, `pull.policy: must be one of always, missing, never (got "if-not-present")`},
		"total":            {`pull.total = "1m"`, `pull.total: must not be less than pull.begin and pull.inactivity (got 1m0s)`},
		"time without end": {`pull.begin = "0s"`, `pull.begin: must be at least 1s (got 0s)`},

		"probe":          {`health.probe = "grpc"`, `health.probe: must be one of http, https, tcp, docker (got "grpc")`},
		"path":           {`health.path = "health"`, `health.path: must begin with / and have no blanks (got "health")`},
		"Host header":    {`health.host = "a b"`, `health.host: must be a host name, or one with a port (got "a b")`},
		"status":         {`health.status = "ok"`, `health.status: must be statuses such as "200" or "200-399" (got "ok")`},
		"always stale":   {`health.max_age = "5s"`, `health.max_age: must be more than interval and timeout together, 7s, or a verdict is too old before there is the next one (got 5s)`},
		"other port":     {`health.port = 8080`, `health.port: must be a port of the host that leads to the app: one of container.ports (got 8080)`},
		"port of none":   {"health.probe = \"docker\"\nhealth.port = 80", `health.port: must not be set when probe = "docker": the image says how (got 80)`},
		"threshold":      {`health.healthy = 0`, `health.healthy: must be from 1 to 100 (got 0)`},
		"listen":         {`health.listen = "9180"`, `health.listen: must be an address and a port, such as ":9180" or "127.0.0.1:9181" (got "9180")`},
		"listen on name": {`admin.listen = "localhost:9181"`, `admin.listen: must be an address and a port, such as ":9180" or "127.0.0.1:9181" (got "localhost:9181")`},
		"app's port":     {`health.listen = ":80"`, `health.listen: must have a port of its own: 80 is that of container.ports[0] (got ":80")`},
		"the same port":  {`admin.listen = "127.0.0.1:9180"`, `admin.listen: must have a port of its own: 9180 is that of health.listen (got "127.0.0.1:9180")`},

		"budget":      {`restart.budget = 0`, `restart.budget: must be from 1 to 1000 (got 0)`},
		"high water":  {`gc.high = 100`, `gc.high: must be from 1 to 99 (got 100)`},
		"low water":   {`gc.low = 90`, `gc.low: must be below gc.high, 85 (got 90)`},
		"hook":        {`lifecycle.launch_hook = "a b"`, `lifecycle.launch_hook: must be the name of a lifecycle hook (got "a b")`},
		"AWS's own":   {`metrics.namespace = "AWS/EC2"`, `metrics.namespace: must be a namespace of CloudWatch, and not one of AWS's own (got "AWS/EC2")`},
		"span":        {`metrics.interval = 60`, `metrics.interval: must be a time span such as "90s" or "5m" (got 60)`},
		"unknown key": {`gc.keep = 1`, `gc.keep: unknown key; known here: high, interval, low`},
	} {
		t.Run(name, func(t *testing.T) {
			// What is minimal stands in a file before: a key may not stand twice in one.
			_, got := loadAll(t, map[string]string{"agent.toml": minimal, "x.toml": c.text})
			_, got, _ = strings.Cut(strings.ReplaceAll(got, "agent.d/x.toml: ", ""), "\n  ")
			if diff := cmp.Diff(c.want, strings.ReplaceAll(got, "agent.toml: ", "")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func mount(source, target string) string {
	return "[[container.mounts]]\nsource = \"" + source + "\"\ntarget = \"" + target + "\"\n"
}

func secret(name, more string) string {
	return "[secrets." + name + "]\nfrom = \"ssm:/a\"\n" + more + "\n"
}

// All faults of all files come at once, each with its file; a list is named by the file that has it.
func TestFaultsOfAllFiles(t *testing.T) {
	_, got := loadAll(t, map[string]string{
		"agent.toml":    "image = \"shop\"\n[container]\nmemory = 5\ncapabilities = [\"ALL\"]\n[health]\nprobe = \"tcp\"",
		"10-a.toml":     "tags = []\ncolour = \"blue\"\n[container]\ncapabilities = [\"KILL\", \"NONE\"]",
		"50-b.toml":     "[health]\nprobe = \"grpc\"\n[secrets.A]\nfrom = \"hunter2\"\n[log]\ndriver = \"syslog\"",
		"60-empty.toml": "",
	})
	const want = `the configuration: 9 faults
  agent.toml: container.memory: must be a size such as "512MiB" or "1.5GiB" (got 5)
  agent.toml: image: must be a reference with a tag or a digest, such as "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1.2", or "ssm:/PATH": without a tag, it would be whatever is latest (got "shop")
  agent.d/10-a.toml: colour: is color
  agent.d/50-b.toml: secrets.A.from: must say where it is kept: "ssm:/PATH", "secretsmanager:NAME" or "secretsmanager:NAME#KEY"; secrets do not belong into files (what stands there is not shown)
  app: must be set
  agent.d/10-a.toml: container.capabilities[1]: must be a capability, such as "NET_BIND_SERVICE" (got "NONE")
  agent.d/50-b.toml: log.driver: is refused: a remote that does not answer stops the app. Use journald, and forward from there (got "syslog")
  agent.d/50-b.toml: health.probe: must be one of http, https, tcp, docker (got "grpc")
  health.port: must be set, or container.ports: no port of the host leads to the app that could be probed (or probe = "docker")`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What looks like a mistake and is none.
func TestNoFaults(t *testing.T) {
	for name, text := range map[string]string{
		"a shell expands":       `container.command = ["sh", "-c", "exec app --port ${PORT}"]`,
		"an entrypoint's word":  "[container]\nentrypoint = [\"/bin/sh\", \"-c\"]\ncommand = [\"exec app --port $PORT\"]",
		"apps have templates":   `container.env.FORMAT = "{{.Level}} ${name}"`,
		"log tags are filled":   "log.driver = \"journald\"\nlog.options.tag = \"{{.Name}}\"",
		"the image probes":      "health.probe = \"docker\"\ncontainer.ports = []",
		"nothing published":     "health.probe = \"docker\"\ncontainer.network = \"none\"\ncontainer.ports = []",
		"the host's network":    "container.network = \"host\"\ncontainer.ports = []\nhealth.port = 80",
		"no rotation to be set": `log.driver = "json-file"`,
		"an IPv6 address":       "container.ports = [\"[::1]:80:8080\"]\nhealth.listen = \"[::]:9180\"",
		"certificates":          mount("/etc/ssl/certs", "/etc/ssl/certs"),
		"a socket of statsd":    mount("/run/statsd.sock", "/run/statsd.sock"),
		"the image in a store":  `image = "ssm:/shop/image"`,
		"a mount for /tmp":      mount("/srv/tmp", "/tmp"),
		"shared memory":         `container.tmpfs."/dev/shm" = "64MiB"`,
	} {
		if _, faults := loadAll(t, map[string]string{"agent.toml": minimal, "x.toml": text}); faults != "" {
			t.Errorf("%s: %s", name, faults)
		}
	}
}

// No secret that somebody put in the wrong place shows in a fault.
func TestFaultsShowNoSecrets(t *testing.T) {
	for _, text := range []string{
		`secrets = "hunter2"`, `secrets = ["hunter2"]`, `secrets.A = "hunter2"`, `secrets.A = ["hunter2"]`, `secrets.A.from = "hunter2"`,
		`secrets.A.from = ["hunter2"]`, `secrets.A.from = {value = "hunter2"}`, `secrets.A.value = "hunter2"`, `secrets.A.from = "{{hunter2}}"`,
		`registry = "hunter2"`, `registry.a = "hunter2"`, `registry.a.password = "hunter2"`, `registry.a.auth = "hunter2"`,
		`registry.a.password = ["hunter2"]`, `registry.a = [{password = "hunter2"}]`, `registry.a.password = "${hunter2}"`,
	} {
		_, faults := loadAll(t, map[string]string{"agent.toml": minimal, "x.toml": text})
		if faults == "" || strings.Contains(faults, "hunter2") {
			t.Errorf("%s: got %s", text, faults)
		}
	}
}
