# Sent to an instance by amibake through Run Command, and run as root by sh. However often it runs, also because the agent of Systems
# Manager runs it again that was restarted: the guest's script is started once, and each run prints what it said, in its end.
unit=amibake-guest.service

show() { systemctl show --property="$1" "$unit" | cut -d = -f 2-; }

# User data places the script, and notes at last that it has.
tries=0
until [ "$(show LoadState)" = loaded ]; do
	tries=$((tries + 1))
	if [ "$tries" -gt 600 ]; then
		echo "user data has not placed the guest's script within ten minutes" >&2
		cloud-init status --long >&2 || true
		exit 1
	fi
	if [ ! -e /var/lib/amibake/placed ] || ! systemd-run --quiet --unit="$unit" --property=RemainAfterExit=yes \
		--property=RuntimeMaxSec="${limit:?}" --property=TimeoutStopSec=60 bash /var/lib/amibake/guest; then
		sleep 1 # or somebody else was faster
	fi
done

ended=
until [ "$ended" ]; do
	case $(show SubState) in
	exited | failed | dead) ended=yes ;;
	*) sleep 1 ;;
	esac
done
cat /run/amibake.said
[ "$(show Result)" = success ] && exit 0
echo "the guest's script ended with: $(show Result)" >&2
exit 1
