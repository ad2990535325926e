// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// kernelModules are loaded where the kernel does not have them built in. A failure shows in the checks that follow.
var kernelModules = []string{"overlay", "veth", "bridge", "tun", "nf_tables", "nft_ct", "nft_nat", "nft_masq", "nft_numgen", "nft_fib_inet", "vhost_net", "kvm_intel", "kvm_amd"}

// featureScript uses what nodes use, in a network namespace that ends with the script.
const featureScript = `set -e
ip link add name probe0 type veth peer name probe1
ip link add name probe2 type bridge
ip tuntap add dev probe3 mode tap
nft 'add table ip t; add chain ip t c { type nat hook prerouting priority 0 ; }; add rule ip t c numgen random mod 2 == 0 dnat to 192.0.2.1; add rule ip t c fib daddr type local counter'
`

// Kernel tries the features of the kernel that the cluster needs.
func Kernel(ctx context.Context) error {
	for _, module := range kernelModules {
		// Most are built in on some kernels, and some machines have none.
		_ = exec.CommandContext(ctx, "modprobe", "--quiet", module).Run()
	}
	var problems []error
	script := exec.CommandContext(ctx, "sh", "-c", featureScript)
	script.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC}
	if output, err := script.CombinedOutput(); err != nil {
		problems = append(problems, fmt.Errorf("the kernel lacks namespaces, veth, bridge, tun or nftables with NAT: %w: %s", err, strings.TrimSpace(string(output))))
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		problems = append(problems, errors.New("/dev/net/tun is missing: virtual machines need it for their network cards"))
	}
	return errors.Join(problems...)
}

// Snapshotter returns how containerd can stack image layers in dir: overlayfs where the file system allows it, else copies.
func Snapshotter(dir string) string {
	base, err := os.MkdirTemp(dir, "overlay-probe-")
	if err != nil {
		return "native"
	}
	defer os.RemoveAll(base)
	options := "index=off"
	for _, part := range []string{"lowerdir", "upperdir", "workdir"} {
		if err := os.Mkdir(filepath.Join(base, part), 0o755); err != nil {
			return "native"
		}
		options += "," + part + "=" + filepath.Join(base, part)
	}
	target := filepath.Join(base, "merged")
	if err := os.Mkdir(target, 0o755); err != nil {
		return "native"
	}
	if err := unix.Mount("overlay", target, "overlay", 0, options); err != nil {
		return "native"
	}
	if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
		return "native"
	}
	return "overlayfs"
}

// UsableKVM reports whether guests can run on the processor itself. A /dev/kvm alone proves nothing: some machines offer
// one on processors without the extensions that an ordinary guest needs.
func UsableKVM() bool {
	file, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	file.Close()
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if name, flags, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "flags" {
			return strings.Contains(flags+" ", " vmx ") || strings.Contains(flags+" ", " svm ")
		}
	}
	return false
}

// CanRaiseOOMScore reports whether this process may protect others from the out-of-memory killer better than it is itself.
func CanRaiseOOMScore() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	return data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}
