// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build libvirt_dlopen

package agent

import (
	"context"
	_ "embed"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/cloudinit"
)

//go:embed testdata/hostile-agent.sh
var hostileAgent string

// sandboxScript runs libvirtd of a launcher image as a pod would, in namespaces of its own, and then the
// part of this test that speaks with it.
const sandboxScript = `
root=$1 shared=$2
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
for node in null zero full random urandom; do
	: > "$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts"
mount -t devpts devpts "$root/dev/pts"
ip link set lo up
mount --bind "$shared" "$root/run/kubevirt"
exec chroot --userspec=107:107 --groups=107 "$root" /bin/busybox sh -ec '
	cd /run/kubevirt
	export PATH=/usr/sbin:/usr/bin HOME=$PWD LC_ALL=C MALLOC_ARENA_MAX=1
	export XDG_CONFIG_HOME=$PWD/config XDG_CACHE_HOME=$PWD/cache XDG_RUNTIME_DIR=$PWD/run
	mkdir -p config/libvirt cache run
	cp /usr/share/virtplane/libvirt/*.conf config/libvirt/
	/usr/sbin/libvirtd >log 2>&1 &
	tries=0
	until [ -S run/libvirt/libvirt-sock ]; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || { cat log; echo "libvirtd made no socket"; exit 1; }
		usleep 100000
	done
	VIRTPLANE_AGENT_SANDBOX=$PWD ./test -test.run "^TestInSandbox$" -test.v -test.timeout 10m || { cat log; exit 1; }
'
`

// TestWithLibvirt has the libvirt and QEMU of the launcher image run a guest without hardware
// virtualization, first with the real guest agent in it and then with a hostile one. It needs root and
// the images of the launcher and of guest-tiny in the build cache.
func TestWithLibvirt(t *testing.T) {
	if testing.Short() {
		t.Skip("boots virtual machines")
	}
	cache, err := os.UserCacheDir()
	if err != nil || os.Getuid() != 0 {
		t.Skip("needs root and a build cache")
	}
	layers := filepath.Join(cache, "virtplane/images/layers")
	root, shared := t.TempDir(), t.TempDir()
	unpack(t, filepath.Join(layers, "virt-launcher-system-*.tar"), root)
	unpack(t, filepath.Join(layers, "guest-tiny-*.tar"), shared)
	copyProgram(t, filepath.Join(shared, "test"))
	writeUserData(t, filepath.Join(shared, "cidata.iso"))
	for _, file := range []string{"disk", "disk/disk.qcow2", "cidata.iso"} {
		if err := os.Chmod(filepath.Join(shared, file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// t.TempDir's own directories are closed to the user that libvirtd runs as.
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if output, err := exec.Command("chown", "-R", "107:107", shared).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 11*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "unshare", "--mount", "--pid", "--fork", "--net", "--ipc", "--propagation", "private",
		"--kill-child", "sh", "-ec", sandboxScript, "sandbox", root, shared)
	command.Stdout, command.Stderr = os.Stdout, os.Stdout
	if err := command.Run(); err != nil {
		serial, _ := os.ReadFile(filepath.Join(shared, "serial.log"))
		t.Fatalf("%v; console of the guest:\n%s", err, serial)
	}
}

// unpack unpacks the newest layer of a pattern.
func unpack(t *testing.T, pattern, into string) {
	t.Helper()
	found, _ := filepath.Glob(pattern)
	if len(found) == 0 {
		t.Skipf("needs %s; `make images` builds it", filepath.Base(pattern))
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return modified(t, a).Compare(modified(t, b)) })
	if output, err := exec.Command("tar", "-xf", newest, "-C", into).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// copyProgram copies this test, for the sandbox.
func copyProgram(t *testing.T, to string) {
	t.Helper()
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

// writeUserData writes a disk that brings the hostile agent into the guest.
func writeUserData(t *testing.T, to string) {
	t.Helper()
	data := "#cloud-config\nwrite_files:\n- path: /run/hostile-agent.sh\n  permissions: '0755'\n  content: |\n"
	for line := range strings.Lines(hostileAgent) {
		data += "    " + line
	}
	err := cloudinit.WriteISO(to, cloudinit.Data{Label: "cidata", Files: map[string][]byte{
		"user-data": []byte(data), "meta-data": []byte(`{"instance-id":"hostile","local-hostname":"demo"}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
}
