// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// probeScript runs libvirtd in session mode inside a launcher root file system as a pod would: as
// its user, in namespaces of its own, without network and without /dev/kvm. It prints the cache
// file that libvirtd wrote after it asked QEMU what it can do.
const probeScript = `
root=$1
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
for node in null zero full random urandom; do
	: > "$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t tmpfs -o mode=0700,uid=107,gid=107 tmpfs "$root/run/kubevirt-private"
exec chroot --userspec=107:107 --groups=107 "$root" /bin/busybox sh -ec '
	cd /run/kubevirt-private
	export PATH=/usr/sbin:/usr/bin HOME=$PWD LC_ALL=C
	export XDG_CONFIG_HOME=$PWD/config XDG_CACHE_HOME=$PWD/cache XDG_RUNTIME_DIR=$PWD/run
	mkdir -p config/libvirt cache run
	cp /usr/share/virtplane/libvirt/*.conf config/libvirt/
	libvirtd >log 2>&1 &
	daemon=$!
	tries=0
	until [ -S run/libvirt/libvirt-sock ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || { cat log >&2; echo "libvirtd made no socket" >&2; exit 1; }
		usleep 100000
	done
	virsh -q -c "qemu+unix:///session?socket=$PWD/run/libvirt/libvirt-sock" domcapabilities \
		--emulatorbin /usr/bin/qemu-system-x86_64 --virttype qemu --machine q35 >caps 2>>log ||
		{ cat log >&2; exit 1; }
	kill $daemon
	wait $daemon || true
	cat cache/libvirt/qemu/cache/capabilities/*.xml
'
`

// probeCapabilities has libvirt probe the QEMU of an extracted launcher root file system and gives
// the cache file that it writes. The file holds for software emulation on any x86-64 machine once
// package capcache has put in the times of the files it finds at run time.
func probeCapabilities(root string) ([]byte, error) {
	absolute, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--net", "--ipc", "--propagation", "private",
		"--kill-child", "sh", "-ec", probeScript, "probe", absolute)
	var output, errorOutput bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &errorOutput
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("probe QEMU capabilities: %w\n%s", err, tail(errorOutput.String(), 20))
	}
	if !bytes.HasPrefix(output.Bytes(), []byte("<qemuCaps>")) {
		return nil, errors.New("probe QEMU capabilities: libvirtd wrote no cache file")
	}
	return []byte(normalizeCapabilities(output.String())), nil
}
