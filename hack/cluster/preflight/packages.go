// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/progress"
)

// packages are the Debian packages that building and running the cluster need, each with its reason.
var packages = []string{
	"ca-certificates",              // Go modules are fetched over HTTPS
	"containernetworking-plugins",  // pod networks
	"iproute2",                     // for people who look into a node
	"conntrack",                    // kube-proxy forgets connections to pods that are gone
	"nftables",                     // kube-proxy, and the filter between cluster and host
	"kmod",                         // kernel modules
	"libseccomp-dev", "pkg-config", // runc
	"mmdebstrap", "debian-archive-keyring", // the launcher's image
	"mount", "util-linux", // kubelet mounts volumes; nsenter
}

// MissingPackages returns the packages that are not installed, of those that the cluster needs and of more.
func MissingPackages(ctx context.Context, more ...string) []string {
	wanted := append(slices.Clone(packages), more...)
	// dpkg-query fails when one of the names is unknown to it, and still answers for the others.
	output, _ := exec.CommandContext(ctx, "dpkg-query", append([]string{"-W", "-f", "${Package} ${db:Status-Status}\n"}, wanted...)...).Output()
	installed := strings.Split(string(output), "\n")
	var missing []string
	for _, name := range wanted {
		if !slices.Contains(installed, name+" installed") {
			missing = append(missing, name)
		}
	}
	return missing
}

// InstallPackages installs Debian packages without asking anything.
func InstallPackages(ctx context.Context, names []string) error {
	// The package lists of a fresh machine are empty or old.
	if _, err := progress.Run(ctx, apt("update")); err != nil {
		return err
	}
	_, err := progress.Run(ctx, apt(append([]string{"install", "--yes", "--no-install-recommends"}, names...)...))
	return err
}

func apt(args ...string) *exec.Cmd {
	cmd := exec.Command("apt-get", append([]string{"--quiet", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return cmd
}
