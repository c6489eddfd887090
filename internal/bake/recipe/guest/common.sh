#!/bin/bash
# Runs on an instance that amibake has started, as root, from user data or by Run Command. This part is the builder's and the
# verifier's: what they have to say goes to the console, because nothing can connect to the instance and it may connect to little;
# or to a file, which Run Command brings back.
set -euo pipefail
umask 022
export HOME=/root LC_ALL=C.UTF-8

readonly work=/var/lib/amibake # removed before an image is made
# shellcheck source=/dev/null
. "$work/settings"

readonly log=$AMIBAKE_LOG # on a tmpfs, so that it cannot get into an image
exec >>"$log" 2>&1 </dev/null

stage=start
reason=
notes=()
timings=()
began=$SECONDS
# shellcheck disable=SC1091
os=$(. /etc/os-release && echo "${PRETTY_NAME:-}")

# say KIND TEXT writes a line to the console. A line break goes first, because a prompt may stand there, and a checksum last:
# the kernel writes into the middle of others' lines.
say() {
	local line="amibake $AMIBAKE_RUN $1 $2" sum
	sum=$(printf '%s' "$line" | sha256sum)
	printf '\n%s %s\n' "$line" "${sum:0:8}" >>"$AMIBAKE_CONSOLE" || true
}

# begin STAGE ends the stage before it.
begin() {
	timings+=("$(quote "$stage"):$((SECONDS - began))")
	stage=$1
	began=$SECONDS
	echo "=== $stage"
	say stage "$stage"
}

# note TEXT is for the person who looks at the image later.
note() {
	echo "note: $*"
	notes+=("$(quote "$*")")
}

# fail REASON... ends everything.
fail() {
	reason=$*
	exit 1
}

# quote TEXT makes it a string of JSON, without what could end one.
quote() {
	local plain
	plain=$(printf '%s' "${1:0:300}" | tr -c 'A-Za-z0-9 !#$%&()*+,./:;<=>?@_{|}~[^-' ' ')
	printf '"%s"' "$plain"
}

# list ITEM... joins what is JSON already.
list() {
	local IFS=,
	printf '%s' "$*"
}

# clean is the log as a console takes it, without what a presigned URL is signed with.
clean() {
	sed -E 's/(X-Amz-(Credential|Security-Token|Signature)=)[^&[:space:]"'"'"']*/\1.../g' |
		tr '\r\t' '\n ' | tr -cd '\n\040-\176' | grep -v '^ *$' | cut -c1-300
}

# arm has the instance end itself, whatever becomes of amibake: nobody else might. User data has armed it before, unless it was
# not let.
arm() {
	begin deadman
	systemctl --quiet is-active amibake-deadman.timer && return
	systemd-run --quiet --unit=amibake-deadman --on-active="$AMIBAKE_DEADMAN" \
		--timer-property=AccuracySec=1s systemctl poweroff --force
	systemctl --quiet is-active amibake-deadman.timer || fail "the timer that ends the instance does not run"
}

# tell KIND TEXT [LINE...] says how it ended, several times: one may be lost.
tell() {
	local kind=$1 text=$2 line n i
	shift 2
	for ((i = 0; i < AMIBAKE_REPEAT; i++)); do
		((i == 0)) || sleep 15
		n=0
		for line; do
			printf '\namibake %s log %02d %s\n' "$AMIBAKE_RUN" $((++n)) "$line" >>"$AMIBAKE_CONSOLE" || true
		done
		say "$kind" "$text"
	done
}

# ended tells of a failure: of all ways out, only the last line of a script that went well is none.
ended() {
	local code=$? lines=()
	trap - EXIT
	trap '' TERM
	set +e
	mapfile -t lines < <(tail -n 60 "$log" | clean | tail -n 40)
	reason=${reason:-"\"$last\" ended with $code"}
	tell failed "$stage: $(printf '%s' "$reason" | tr -cd '\040-\176' | cut -c1-300)" "${lines[@]}"
	exit 1
}

# terminated says why it was told to end.
terminated() {
	AMIBAKE_REPEAT=1
	[[ $(systemctl is-system-running) == stopping ]] || fail "not done after $SECONDS s"
	fail "the instance is being ended"
}

last=
set -E
trap 'last=${BASH_COMMAND%%$'"'\n'"'*}' ERR
trap ended EXIT
trap terminated TERM

# Of a machine that was rebooted in the middle nobody knows what it is half of.
mkdir "$work/begun" || fail "it was begun before: has the instance been rebooted?"
