
# What is this instance's own, or a trace of how the image was made, stays out of the image.

clean_up() {
	local home
	begin hygiene
	systemctl stop bluegreen-agent.service 2>/dev/null || true
	stop_docker
	for home in /root /home/*; do
		[[ -d $home ]] || continue
		rm -rf "$home"/.docker/config.json "$home"/.ssh/authorized_keys "$home"/.ssh/authorized_keys2 "$home"/.aws \
			"$home"/.bash_history "$home"/.python_history "$home"/.lesshst "$home"/.viminfo "$home"/.wget-hsts "$home"/.sudo_as_admin_successful
	done
	rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub # made anew at the next boot
	apt clean
	rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
	clean_identity
	clean_logs
	find /tmp /var/tmp -xdev -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' -exec rm -rf {} +
	rm -rf "$work"
	sync
}

# stop_docker leaves images alone, and of containers only those that are not the agent's. The daemon is stopped so that an image
# made of a running instance has its files whole.
stop_docker() {
	local containers
	mapfile -t containers < <(docker ps --all --quiet --filter label=bluegreen.app)
	((${#containers[@]} == 0)) || docker rm --force --volumes "${containers[@]}"
	systemctl stop docker.socket docker.service containerd.service 2>/dev/null || true
	rm -f /var/lib/docker/engine-id /etc/docker/key.json
}

# clean_identity has the next instance be itself.
clean_identity() {
	if command -v cloud-init >/dev/null; then
		cloud-init clean --logs
		rm -rf /var/lib/cloud/instances /var/lib/cloud/instance /var/lib/cloud/data
	fi
	: >/etc/machine-id # empty, not gone: systemd makes one, and does not take it for a first boot, which resets units
	[[ -L /var/lib/dbus/machine-id ]] || rm -f /var/lib/dbus/machine-id
	rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/lib/dhcp/*.leases /var/lib/dhcp/*.lease
}

clean_logs() {
	journalctl --relinquish-var || true # to memory, or the journal would come back
	[[ ! -d /var/log/journal ]] || find /var/log/journal -mindepth 1 -delete
	find /var/log -type f \( -name '*.gz' -o -name '*.xz' -o -name '*.old' -o -name '*.[0-9]' \) -delete
	find /var/log -type f -exec truncate --size 0 {} + # those that are open go on being written to
}

main
