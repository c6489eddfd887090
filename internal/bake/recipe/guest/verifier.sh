
# The verifier: tells how an instance of the image is, once its app is healthy. It changes nothing.

main() {
	arm
	await_health
	begin facts
	read_status
	local docker ports published
	docker=$(docker version --format '{{.Server.Version}}') || fail "Docker does not answer"
	ports=$(listening | sort -n | uniq)
	published=$(docker ps --filter label=bluegreen.app --format '{{.Ports}}' | grep -o ':[0-9]*->' | tr -cd '0-9\n' | sort -n | uniq || true)
	trap - EXIT ERR TERM
	# shellcheck disable=SC2086 # numbers
	tell verified "{\"agent\":$(quote "$agent"),\"digest\":$(quote "$digest"),\"docker\":$(quote "$docker"),\"os\":$(quote "$os"),\"kernel\":$(quote "$(uname -r)"),\"phase\":$(quote "$phase"),\"imds\":\"$(metadata)\",\"ports\":[$(list $ports)],\"published\":[$(list $published)],\"boot_ms\":$(boot_time),\"notes\":[$(list "${notes[@]}")]}"
}

# ask HOST PORT REQUEST sets code to the status of the answer, 000 for none, and answer to all of it. The image may have no
# program for that.
ask() {
	# shellcheck disable=SC2016 # the inner shell expands it
	answer=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "%b\r\nHost: $0\r\n\r\n" "$2" >&3 && cat <&3' "$1" "$2" "$3" 2>/dev/null | tr -d '\0') || true
	code=000
	[[ $answer =~ ^HTTP/1\.[01]\ ([0-9]{3}) ]] && code=${BASH_REMATCH[1]}
	return 0
}

await_health() {
	local end=$((SECONDS + AMIBAKE_LIMIT)) code answer
	begin health
	until ask 127.0.0.1 "$AMIBAKE_HEALTH_PORT" 'GET /health HTTP/1.0' && [[ $code == 200 ]]; do
		if ((SECONDS >= end)); then
			journalctl --unit bluegreen-agent --no-pager --lines 30 --output cat || true
			bluegreen-agent status || true
			fail "the app is not healthy after $AMIBAKE_LIMIT s: /health answers ${code/000/nothing}"
		fi
		sleep 1
	done
}

# read_status asks the agent. It answers in one line of JSON.
read_status() {
	local status
	status=$(bluegreen-agent status --json) || fail "the agent does not say how it is"
	digest=$(field digest <<<"$status")
	phase=$(field phase <<<"$status")
	since=$(field since <<<"$status")
	if agent=$(dpkg-query --show --showformat '${Version}' bluegreen-agent 2>/dev/null); then :; else agent=$(bluegreen-agent version); fi
}

# field NAME is the first text of that name.
field() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# metadata tells whether the metadata service wants a token.
metadata() {
	local code answer token
	ask "$AMIBAKE_IMDS" 80 'PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60'
	if [[ $code != 200 ]]; then
		echo off
		return
	fi
	token=${answer##*$'\r\n'}
	ask "$AMIBAKE_IMDS" 80 "GET /latest/meta-data/instance-id HTTP/1.0\r\nX-aws-ec2-metadata-token: $token"
	if [[ $code != 200 ]]; then
		echo off
		return
	fi
	ask "$AMIBAKE_IMDS" 80 'GET /latest/meta-data/instance-id HTTP/1.0'
	if [[ $code == 401 ]]; then echo required; else echo optional; fi
}

# listening are the ports that others can reach: of TCP those that listen (0A), of UDP those that are not connected (07).
listening() {
	local file state address got
	for file in tcp tcp6 udp udp6; do
		[[ -r /proc/net/$file ]] || continue
		state=0A
		[[ $file == udp* ]] && state=07
		while read -r _ address _ got _; do
			[[ $got == "$state" ]] || continue
			case ${address%:*} in
			??????7F | 00000000000000000000000001000000 | 0000000000000000FFFF0000??????7F) ;; # itself
			*) echo $((16#${address##*:})) ;;
			esac
		done <"/proc/net/$file"
	done
}

# boot_time is how many milliseconds went by from the start of process 1 until the app was healthy.
boot_time() {
	local uptime now stat fields begun
	read -r uptime _ </proc/uptime
	now=$(date +%s%3N)
	stat=$(</proc/1/stat)
	read -r -a fields <<<"${stat##*) }"
	begun=$((fields[19] * 1000 / $(getconf CLK_TCK))) # the 22nd field; the first two are gone
	echo $(($(date --date "$since" +%s%3N) - now + 10#${uptime/./} * 10 - begun))
}

main
