
# The builder: provisions the instance that an image is made of.

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none

main() {
	arm
	await_cloud_init
	quiet_apt
	fetch_all
	place_files
	install_packages
	install_docker
	install_agent
	pull
	run_scripts
	clean_up
	trap - EXIT ERR TERM
	begin "done"
	tell ready "{\"agent\":$(quote "$agent"),\"digest\":$(quote "$digest"),\"docker\":$(quote "$docker"),\"os\":$(quote "$os"),\"kernel\":$(quote "$(uname -r)"),\"notes\":[$(list "${notes[@]}")],\"seconds\":{$(list "${timings[@]}")}}"
}

# await_cloud_init waits until nobody else configures the instance.
await_cloud_init() {
	local code=0
	begin cloud-init
	if ! command -v cloud-init >/dev/null; then
		note "there is no cloud-init here, so none was waited for or cleaned"
		return
	fi
	cloud-init status --wait --long || code=$?
	case $code in
	0) ;;
	2) note "cloud-init was not content with everything: see cloud-init status --long on an instance" ;;
	*)
		tail -n 30 /var/log/cloud-init-output.log || true
		fail "cloud-init failed, with $code"
		;;
	esac
}

# quiet_apt stops what might want apt at the same time. Timers run again after the next boot.
quiet_apt() {
	local unit
	begin apt
	command -v apt-get >/dev/null || fail "$os has no apt: the base AMI is neither Debian nor Ubuntu"
	for unit in apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service unattended-upgrades.service; do
		systemctl stop "$unit" 2>/dev/null || true # is not there
	done
	again dpkg --configure -a
}

# again COMMAND... bears that somebody holds a lock, or that a mirror does not answer.
again() {
	local try
	for ((try = 1; ; try++)); do
		"$@" && return
		((try < 5)) || fail "\"$*\" fails"
		sleep 10
	done
}

apt() {
	apt-get --quiet --yes --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
		-o APT::Sandbox::User=root -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

updated=
install() {
	local package missing=()
	for package; do
		[[ $(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
	done
	((${#missing[@]})) || return 0
	if [[ -z $updated ]]; then
		again apt update # whose lock DPkg::Lock::Timeout is not for
		updated=1
	fi
	apt install "${missing[@]}" || fail "apt cannot install ${missing[*]}"
}

# fetch_all gets what was too large for user data.
fetch_all() {
	begin fetch
	if [[ -n $AMIBAKE_BUNDLE_URL ]]; then
		fetch "$work/bundle.tar.gz" "$AMIBAKE_BUNDLE_URL" "$AMIBAKE_BUNDLE_SHA256" "the files"
	fi
	if [[ -n $AMIBAKE_AGENT_URL ]]; then
		fetch "$work/agent.deb" "$AMIBAKE_AGENT_URL" "$AMIBAKE_AGENT_SHA256" "the agent's package"
	fi
	mkdir "$work/bundle" "$work/empty"
	tar --extract --gzip --no-same-owner --file "$work/bundle.tar.gz" --directory "$work/bundle"
}

# fetch FILE URL SHA256 WHAT
fetch() {
	local try
	for try in 1 2 3 4 5; do
		if get "$2" >"$1"; then
			echo "$3  $1" | sha256sum --check --status || fail "$4 has the SHA-256 $(sha256sum <"$1" | cut -c1-64), not $3"
			return
		fi
		sleep $((try * 2))
	done
	fail "$4 cannot be fetched"
}

get() {
	if command -v curl >/dev/null; then
		curl --fail --silent --show-error --connect-timeout 20 --max-time 600 "$1"
	elif command -v wget >/dev/null; then
		wget --quiet --tries=1 --timeout=60 --output-document=- "$1"
	elif command -v python3 >/dev/null; then
		python3 -c 'import shutil, sys, urllib.request; shutil.copyfileobj(urllib.request.urlopen(sys.argv[1], timeout=60), sys.stdout.buffer)' "$1"
	else
		install curl ca-certificates >&2
		curl --fail --silent --show-error --connect-timeout 20 --max-time 600 "$1"
	fi
}

# place_files comes before what they may configure: sources of apt, Docker's daemon.
place_files() {
	begin files
	[[ -d $work/bundle/files ]] || return 0
	tar --extract --gzip --no-same-owner --preserve-permissions --file "$work/bundle.tar.gz" --directory / --strip-components=1 files
}

install_packages() {
	begin packages
	install "${AMIBAKE_PACKAGES[@]}"
}

docker=
install_docker() {
	begin docker
	case $AMIBAKE_DOCKER in
	docker.io)
		install docker.io iptables ca-certificates
		command -v docker >/dev/null || install docker-cli # a package of its own from Debian 13 on
		;;
	docker-ce)
		dpkg-query --show docker-ce >/dev/null 2>&1 || add_docker_ce
		install docker-ce docker-ce-cli containerd.io iptables ca-certificates
		;;
	none) command -v docker >/dev/null || fail "Docker is to be from the base AMI, and is not there" ;;
	esac
	systemctl enable docker.service
	systemctl start docker.service || fail "Docker does not start"
	docker=$(docker version --format '{{.Server.Version}}')
}

# add_docker_ce trusts Docker's archive as Docker's own instructions do.
add_docker_ce() {
	local id codename
	install ca-certificates
	# shellcheck disable=SC1091
	id=$(. /etc/os-release && echo "$ID")
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	mkdir -p /etc/apt/keyrings
	get "https://download.docker.com/linux/$id/gpg" >/etc/apt/keyrings/docker.asc || fail "the key of Docker's archive cannot be fetched"
	echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/$id $codename stable" \
		>/etc/apt/sources.list.d/docker.list
	updated=
}

agent=
install_agent() {
	local policy=/usr/sbin/policy-rc.d
	begin agent
	if [[ -n $AMIBAKE_AGENT_URL ]]; then
		[[ -e $policy ]] && policy=$work/policy # somebody has one: that counts
		printf '#!/bin/sh\nexit 101\n' >"$policy" # the agent is for the instances to come
		chmod +x "$policy"
		install ca-certificates
		apt --reinstall --allow-downgrades install "$work/agent.deb" || fail "apt cannot install the agent's package"
		rm "$policy"
	fi
	command -v bluegreen-agent >/dev/null || fail "the agent is to be from the base AMI, and is not there"
	systemctl stop bluegreen-agent.service 2>/dev/null || true # of the base AMI
	if agent=$(dpkg-query --show --showformat '${Version}' bluegreen-agent 2>/dev/null); then :; else agent=$(bluegreen-agent version); fi
	mkdir -p /etc/bluegreen/agent.d
	rm -f /etc/bluegreen/agent.d/10-amibake.toml /etc/bluegreen/agent.d/20-app.toml # of an image that this one is made of
	cp "$work"/bundle/agent/*.toml /etc/bluegreen/agent.d/
	bluegreen-agent check || fail "the agent refuses its settings"
}

digest=
pull() {
	local pulled
	begin pull
	pulled=$(bluegreen-agent pull) || fail "the image cannot be pulled"
	digest=${pulled##*[[:space:]]}
	[[ $digest == "$AMIBAKE_DIGEST" ]] || fail "pulled ${digest:-nothing}, not $AMIBAKE_DIGEST"
}

run_scripts() {
	local script code
	begin scripts
	[[ -d $work/bundle/scripts ]] || return 0
	for script in "$work"/bundle/scripts/*; do
		echo "--- ${script##*/}"
		code=0
		(
			cd "$work/empty" && exec env AMIBAKE_RUN="$AMIBAKE_RUN" AMIBAKE_APP="$AMIBAKE_APP" "$script"
		) || code=$?
		((code == 0)) || fail "${script##*/} ended with $code"
	done
}
