package machine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Where the metadata service is on AWS.
const metadataAddress = "169.254.169.254"

// files are what makes a disk that of this instance.
func (i *instance) files() []file {
	h := i.host
	registry := h.sandbox.Images.Host()
	files := []file{
		{path: "/etc/default/bluegreen-agent", content: "AWS_ENDPOINT_URL=http://" + h.api.address() + "\n"},
		// Its containers' cgroups within its own. Docker's other way would put them beside it, where they are left when it is killed.
		{path: "/etc/docker/daemon.json", content: `{"exec-opts": ["native.cgroupdriver=systemd"]}` + "\n"},
		{path: "/etc/docker/certs.d/" + registry + "/ca.crt", content: string(h.sandbox.CAPEM())},
		{path: "/etc/systemd/system/" + networkUnit, content: i.network()},
		{path: "/etc/systemd/system/multi-user.target.wants/" + networkUnit, link: "../" + networkUnit},
	}
	if image := i.machine.ImageTags[ImageTag]; image != "" {
		// Before what user data writes, which goes over it.
		files = append(files, file{path: "/etc/bluegreen/agent.d/20-image.toml", content: "image = " + strconv.Quote(image) + "\n"})
	}
	asked, notes, err := written(i.machine.UserData)
	if err != nil {
		i.tell(fmt.Errorf("its user data is passed over: %w", err))
	}
	if len(notes) > 0 {
		i.tell(errors.New("its user data is passed over in part: " + strings.Join(notes, ", ")))
	}
	return append(files, asked...)
}

const networkUnit = "sandbox-network.service"

// network is a unit that leads to the sandbox what instances and the containers on them send to AWS.
func (i *instance) network() string {
	h := i.host
	rules := []struct{ chain, address, port, to string }{
		{"OUTPUT", metadataAddress, "80", i.metadata.address()},
		{"PREROUTING", metadataAddress, "80", i.behind.address()},
		{"OUTPUT", h.network.Gateway, "443", h.registry.address()},
	}
	var unit strings.Builder
	unit.WriteString("[Unit]\nDescription=the way to the sandbox\nDefaultDependencies=no\nAfter=local-fs.target\n" +
		"Before=docker.service bluegreen-agent.service\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n")
	for _, r := range rules {
		fmt.Fprintf(&unit, "ExecStart=/usr/sbin/iptables --wait --table nat --append %s --protocol tcp --destination %s --dport %s --jump DNAT --to-destination %s\n",
			r.chain, r.address, r.port, r.to)
	}
	unit.WriteString("\n[Install]\nWantedBy=multi-user.target\n")
	return unit.String()
}
