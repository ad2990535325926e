// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/disk"
)

// sandboxScript runs libvirtd of a launcher image as a pod would, in namespaces of its own, and has
// it start each domain with its CPUs stopped. It prints a line for each.
const sandboxScript = `
root=$1 domains=$2
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
for node in null zero full random urandom; do
	: > "$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/net" "$root/dev/pts"
mknod -m 666 "$root/dev/net/tun" c 10 200
mount -t devpts devpts "$root/dev/pts"
mount -t tmpfs -o mode=0700,uid=107,gid=107 tmpfs "$root/run/kubevirt-private"
ip tuntap add dev tap0 mode tap user 107 group 107 vnet_hdr
ip tuntap add dev tap1 mode tap user 107 group 107 vnet_hdr
ip tuntap add dev many0 mode tap user 107 group 107 vnet_hdr multi_queue
mount --bind "$domains" "$root/run/kubevirt"
exec chroot --userspec=107:107 --groups=107 "$root" /bin/busybox sh -ec '
	cd /run/kubevirt-private
	export PATH=/usr/sbin:/usr/bin HOME=$PWD LC_ALL=C
	export XDG_CONFIG_HOME=$PWD/config XDG_CACHE_HOME=$PWD/cache XDG_RUNTIME_DIR=$PWD/run
	mkdir -p config/libvirt cache run disks
	cp /usr/share/virtplane/libvirt/*.conf config/libvirt/
	/usr/sbin/libvirtd >log 2>&1 &
	tries=0
	until [ -S run/libvirt/libvirt-sock ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || { cat log; echo "libvirtd made no socket"; exit 1; }
		usleep 100000
	done
	v() { virsh -q -c "qemu+unix:///session?socket=$PWD/run/libvirt/libvirt-sock" "$@"; }
	for disk in $(cat /run/kubevirt/disks); do qemu-img create -q -f "${disk##*.}" "$disk" 16M; done
	# This shell is the first process, which reaps the children of others only while it waits for one
	# of its own; libvirt waits long for a QEMU that nobody reaps.
	for file in /run/kubevirt/*.xml; do
		name=$(busybox basename "$file" .xml)
		if v create --paused "$file" >out 2>&1; then
			echo "$name starts"
			v list --name >running
			v destroy "$(cat running)" || true
		else
			echo "$name fails:" $(cat out) $(busybox tail -n 2 cache/libvirt/qemu/log/*.log)
		fi
		rm -rf nvram.fd cache/libvirt/qemu/log
	done
'
`

// TestLibvirtStartsTheDomains has the libvirt and QEMU of the launcher image start every golden
// domain without hardware virtualization. It needs root and a launcher image in the build cache.
func TestLibvirtStartsTheDomains(t *testing.T) {
	if testing.Short() {
		t.Skip("starts virtual machines")
	}
	root, domains := launcherRoot(t), t.TempDir()
	if err := os.Chmod(domains, 0o755); err != nil {
		t.Fatal(err)
	}
	var names, disks []string
	for name, in := range emulable(t) {
		for _, source := range in.Volumes {
			if !slices.Contains(disks, source.Path) {
				disks = append(disks, source.Path)
			}
		}
		got, err := Convert(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := os.WriteFile(filepath.Join(domains, name+".xml"), []byte(got.XML), 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	for file, content := range map[string][]byte{"disks": []byte(strings.Join(disks, "\n")), "vmlinuz": bootable(), "initrd": []byte("initrd")} {
		if err := os.WriteFile(filepath.Join(domains, file), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "unshare", "--mount", "--pid", "--fork", "--net", "--ipc", "--propagation", "private",
		"--kill-child", "sh", "-ec", sandboxScript, "sandbox", root, domains)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, name := range names {
		if !bytes.Contains(output, []byte(name+" starts\n")) {
			t.Errorf("%s does not start:\n%s", name, output)
		}
	}
}

// emulable returns the golden scenarios with what they find in the sandbox.
func emulable(t *testing.T) map[string]Input {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const private = "/run/kubevirt-private"
	all := map[string]Input{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s scenario
		if err := yaml.UnmarshalStrict(raw, &s); err != nil {
			t.Fatal(err)
		}
		if s.Error != "" || s.KVMOnly {
			continue
		}
		v1.SetInstanceSpecDefaults(&s.VMI.Spec)
		devices := &s.VMI.Spec.Domain.Devices
		devices.AutoattachSerialConsole = ptr(false) // nobody listens there
		for i := range devices.Disks {
			if lun := devices.Disks[i].LUN; lun != nil { // there is no such device
				devices.Disks[i].DiskDevice = v1.DiskDevice{Disk: &v1.DiskTarget{Bus: lun.Bus}}
			}
		}
		in := Input{
			VMI: &s.VMI, Interfaces: s.Interfaces, VNCSocket: private + "/vnc", Private: private, Volumes: map[string]disk.Source{},
			Now: time.Now(), Kernel: disk.Kernel{Kernel: "/run/kubevirt/vmlinuz", Initrd: "/run/kubevirt/initrd"},
		}
		for name, source := range s.Volumes {
			source.Path, source.Block, source.Backing = fmt.Sprintf("%s/disks/%s.%s", private, name, source.Format), false, nil
			in.Volumes[name] = source
		}
		all[strings.TrimSuffix(filepath.Base(file), ".yaml")] = in
	}
	return all
}

// launcherRoot unpacks the newest launcher image of the build cache.
func launcherRoot(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil || os.Getuid() != 0 {
		t.Skip("needs root and a build cache")
	}
	layers, _ := filepath.Glob(filepath.Join(cache, "virtplane/images/layers/virt-launcher-system-*.tar"))
	if len(layers) == 0 {
		t.Skip("needs a launcher image; `make images` builds one")
	}
	newest := slices.MaxFunc(layers, func(a, b string) int { return modified(t, a).Compare(modified(t, b)) })
	root := t.TempDir()
	if output, err := exec.Command("tar", "-xf", newest, "-C", root).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	// t.TempDir's own directories are closed to the user that libvirtd runs as.
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// bootable returns as much of a Linux kernel as QEMU looks at (the kernel's Documentation/arch/x86/boot.rst).
func bootable() []byte {
	image := make([]byte, 64<<10)
	image[0x1f1] = 4                        // sectors of the setup code
	copy(image[0x1fe:], "\x55\xaa")         // the magic number
	copy(image[0x202:], "HdrS\x0c\x02")     // version 2.12 of the protocol
	image[0x211] = 1                        // is loaded high
	copy(image[0x22c:], "\xff\xff\xff\x37") // where an initial RAM disk may end
	return image
}
