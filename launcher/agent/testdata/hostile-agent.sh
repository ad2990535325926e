#!/bin/sh
# SPDX-FileCopyrightText: The virtplane authors
# SPDX-License-Identifier: Apache-2.0
#
# The agent of a hostile guest. It answers as it was told last, by guest-exec of "mode" with a word, when
# it is asked for the guest's NICs, and nothing at all for a while once it was told to be silent.
port=/dev/virtio-ports/org.qemu.guest_agent.0
mode=honest
ignore=0
sleep 2 # the agent that has started this has an answer to give
kill "$(cat /run/qemu-ga.pid)"
sleep 1

# fill writes a text again and again without line breaks, up to a number of bytes.
fill() { yes "$1" | tr -d '\n' | head -c "$2" >&3; }

# flood writes for some seconds, whether somebody reads or not.
flood() {
	fill "$1" "$2" &
	sleep 5
	killall yes tr head
} 2>/dev/null

interfaces() {
	case $mode in
	honest) echo '{"return":[{"name":"eth7","hardware-address":"02:00:00:00:00:01"}]}' >&3 ;;
	mute) ;;
	late) sleep 6; echo '{"return":[{"name":"late","hardware-address":"02:00:00:00:00:01"}]}' >&3 ;;
	twice) echo '{"return":[]}' >&3; echo '{"return":[{"name":"second"}]}' >&3 ;;
	types) echo '{"return":[{"name":7,"ip-addresses":"x"}]}' >&3 ;;
	text) echo '{"return":"frozen"}' >&3 ;;
	utf8) printf '{"return":[{"name":"\377\376","hardware-address":"02:00:00:00:00:01"}]}\n' >&3 ;;
	control) echo '{"return":[{"name":"\u001b[31m","hardware-address":"02:00:00:00:00:01"}]}' >&3 ;;
	garbage) yes 'this is no JSON' | head -c 200000 >&3 ;;
	deep) fill '[' 100000; echo >&3 ;;
	million) printf '{"return":[' >&3; fill '{},' 3600000; echo '{}]}' >&3 ;;
	huge) printf '{"return":[{"name":"' >&3; fill x 3000000; echo '"}]}' >&3 ;;
	endless) flood '{"a":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","c":' 64000000; return 1 ;;
	half) printf '{"return":[{"name":"a"' >&3; return 1 ;;
	esac
}

while :; do
	exec 3<>"$port"
	while :; do
		if ! read -r line <&3; then
			sleep 1 # the other end is not there yet
			continue
		fi
		case $line in
		*guest-sync*)
			if [ $ignore -gt 0 ]; then
				ignore=$((ignore - 1))
				continue
			fi
			case $line in
			*delimited*) printf '\377' >&3 ;;
			esac
			id=${line##*'"id":'}
			printf '{"return":%s}\n' "${id%%[!0-9]*}" >&3
			;;
		*'"path":"mode"'*)
			mode=${line##*'"arg":["'}
			mode=${mode%%'"'*}
			[ "$mode" = silent ] && ignore=4
			echo '{"return":{"pid":1}}' >&3
			;;
		*guest-exec-status*) echo '{"return":{"exited":true,"exitcode":0}}' >&3 ;;
		*guest-fsfreeze-status*) echo '{"return":"thawed"}' >&3 ;;
		*guest-network-get-interfaces*)
			interfaces && continue
			mode=honest # once is enough: it is asked again as soon as it is there again
			break
			;;
		*) echo '{"return":{}}' >&3 ;;
		esac
	done
	exec 3>&-
	sleep 2
done
