package machine

import "fmt"

// Where cloud-init keeps what belongs to an instance. A disk that was another instance's before does all of it again.
func instanceDirectory(id string) string { return "/var/lib/cloud/instances/" + id }

// programs are the files of what user data has run, and of what runs it.
func (a asked) programs(id string) []file {
	dir := instanceDirectory(id)
	files := []file{
		{path: "/var/lib/cloud/instance", link: dir},
		{path: dir + "/user-data.sh", content: runScripts, mode: 0o700},
	}
	if a.boot != nil {
		files = append(files, file{path: dir + "/bootcmd", content: shell(a.boot), mode: 0o700})
	}
	for _, s := range a.scripts {
		files = append(files, file{path: dir + "/scripts/" + s.name, content: s.content, mode: 0o700})
	}
	if a.run != nil {
		files = append(files, file{path: dir + "/scripts/runcmd", content: shell(a.run), mode: 0o700})
	}
	return files
}

// runScripts is the end of cloud-init's last stage. That it was begun is noted before anything runs: what a script leaves
// undone is not done again, also where the script has rebooted the instance.
const runScripts = `#!/bin/bash
here=/var/lib/cloud/instance
mkdir -p $here/sem
touch $here/sem/config_scripts_user
exec > >(tee -a /var/log/cloud-init-output.log) 2>&1
failed=
for script in $here/scripts/*; do
	[ -x "$script" ] || continue
	"$script" || { echo "failed to run $script: exit code $?"; failed=yes; }
done
date --utc --iso-8601=seconds > $here/boot-finished
[ -z "$failed" ]
`

// finalUnit runs the scripts in the place of cloud-final.service, whose settings it has.
func finalUnit(id string) string {
	return fmt.Sprintf(`[Unit]
Description=what the user data has this instance run once
Wants=network-online.target
After=network-online.target sandbox-bootcmd.service docker.service
ConditionFileIsExecutable=%[1]s/user-data.sh
ConditionPathExists=!%[1]s/sem/config_scripts_user

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutSec=infinity
KillMode=process
TasksMax=infinity
ExecStart=%[1]s/user-data.sh
StandardOutput=journal+console
SyslogIdentifier=cloud-init

[Install]
WantedBy=multi-user.target
`, instanceDirectory(id))
}

func bootUnit(id string) string {
	return fmt.Sprintf(`[Unit]
Description=what the user data has this instance run at each boot
DefaultDependencies=no
After=local-fs.target sandbox-network.service sandbox-disk.service
Before=network-online.target docker.service bluegreen-agent.service
ConditionFileIsExecutable=%[1]s/bootcmd

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutSec=infinity
ExecStart=%[1]s/bootcmd
Environment=INSTANCE_ID=%[2]s
StandardOutput=journal+console
SyslogIdentifier=cloud-init

[Install]
WantedBy=multi-user.target
`, instanceDirectory(id), id)
}
