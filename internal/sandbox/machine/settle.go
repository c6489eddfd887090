package machine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Where the metadata service is on AWS.
const metadataAddress = "169.254.169.254"

// files are what makes a disk that of this instance. They are written at each boot: the sandbox may be at other addresses
// than at the one before.
func (r *run) files() []file {
	h := r.host
	registry := h.sandbox.Images.Host()
	files := []file{
		// For all services, not the agent's only: it also runs from user data while an image is made.
		{path: "/etc/systemd/system.conf.d/sandbox.conf", content: "[Manager]\nDefaultEnvironment=AWS_ENDPOINT_URL=http://" + h.api.address() + "\n"},
		// Its containers' cgroups within its own. Docker's other way would put them beside it, where they are left when it is killed.
		{path: "/etc/docker/daemon.json", content: `{"exec-opts": ["native.cgroupdriver=systemd"]}` + "\n"},
		{path: "/etc/docker/certs.d/" + registry + "/ca.crt", content: string(h.sandbox.CAPEM())},
		{path: "/etc/apt/apt.conf.d/95sandbox", content: h.internet.aptConfig(h.mirrors.address())},
		{path: "/etc/systemd/system/console-getty.service", link: "/dev/null"}, // it would ask who is there, and hang the console up
	}
	for _, u := range r.units() {
		files = append(files,
			file{path: "/etc/systemd/system/" + u.name, content: u.text},
			file{path: "/etc/systemd/system/multi-user.target.wants/" + u.name, link: "../" + u.name})
	}
	return files
}

// userData are the files that an instance gets before its first boot, and never again.
func (r *run) userData() []file {
	var files []file
	if image := r.machine.ImageTags[ImageTag]; image != "" && r.machine.DiskID == "" { // or else it is on the disk already
		// Before what user data writes, which goes over it.
		files = append(files, file{path: "/etc/bluegreen/agent.d/20-image.toml", content: "image = " + strconv.Quote(image) + "\n"})
	}
	wanted, err := readUserData(r.machine.UserData)
	if err != nil {
		r.tell(fmt.Errorf("its user data is passed over: %w", err))
	}
	if len(wanted.notes) > 0 {
		r.tell(errors.New("its user data is passed over in part: " + strings.Join(wanted.notes, ", ")))
	}
	return append(append(files, wanted.files...), wanted.programs(r.id)...)
}

// unit is a part of what an instance does when it boots.
type unit struct{ name, text string }

func (r *run) units() []unit {
	return []unit{
		{"sandbox-network.service", r.network()},
		{"sandbox-disk.service", restoreUnit},
		{"sandbox-keys.service", keysUnit},
		{"sandbox-bootcmd.service", bootUnit(r.id)},
		{"sandbox-user-data.service", finalUnit(r.id)},
	}
}

// network is a unit that leads to the sandbox what instances and the containers on them send to AWS.
func (r *run) network() string {
	h := r.host
	ways := []struct{ chain, address, port, to string }{
		{"OUTPUT", metadataAddress, "80", r.metadata.address()},
		{"PREROUTING", metadataAddress, "80", r.behind.address()},
		{"OUTPUT", h.network.Gateway, "443", h.registry.address()},
	}
	var text strings.Builder
	text.WriteString("[Unit]\nDescription=the way to the sandbox\nDefaultDependencies=no\nAfter=local-fs.target\n" +
		"Before=network-online.target docker.service bluegreen-agent.service\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n")
	const command = "ExecStart=/usr/sbin/iptables --wait --table nat "
	for _, w := range ways {
		fmt.Fprintf(&text, command+"--append %s --protocol tcp --destination %s --dport %s --jump DNAT --to-destination %s\n",
			w.chain, w.address, w.port, w.to)
	}
	if address, port, ok := h.endpoint(); ok {
		// URLs that were signed outside name the endpoint as it is there: on the loopback of another machine, as seen from here.
		fmt.Fprintf(&text, command+"--append OUTPUT --protocol tcp --destination %s --dport %s --jump DNAT --to-destination %s\n",
			address, port, h.api.address())
		fmt.Fprintf(&text, command+"--append POSTROUTING --source 127.0.0.0/8 --destination %s --jump MASQUERADE\n", h.network.Gateway)
	}
	text.WriteString("\n[Install]\nWantedBy=multi-user.target\n")
	return text.String()
}

// keysUnit does what cloud-init does for an instance whose image has no host keys.
const keysUnit = `[Unit]
Description=keys of the SSH server
DefaultDependencies=no
After=local-fs.target
Before=ssh.service
ConditionFileIsExecutable=/usr/bin/ssh-keygen
ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
`
