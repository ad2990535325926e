// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// installation is a Debian system to be made.
type installation struct {
	packages []string
	excluded []string // patterns of files of packages that are left out, as dpkg's path-exclude takes them
	files    string   // a tar file that is laid over the packages
	setup    string   // a shell script that runs inside, at the end
}

// installDebian installs packages with all they depend on, as Debian's installer would: their maintainer scripts
// run, in the new system. It gives the path of a tar file.
func installDebian(work string, system installation) (string, error) {
	if os.Geteuid() != 0 {
		return "", errors.New("install Debian packages: must be root")
	}
	rootfs := filepath.Join(work, "installed.tar")
	args := []string{"--variant=minbase", "--mode=root", "--format=tar",
		"--aptopt=Apt::Install-Recommends false", "--aptopt=Acquire::Retries 5",
		"--include=" + strings.Join(system.packages, ",")}
	for _, pattern := range system.excluded {
		// A pattern with "!" in front is one to keep.
		if kept, ok := strings.CutPrefix(pattern, "!"); ok {
			args = append(args, "--dpkgopt=path-include="+kept)
		} else {
			args = append(args, "--dpkgopt=path-exclude="+pattern)
		}
	}
	args = append(args,
		"--customize-hook=tar-in "+system.files+" /",
		fmt.Sprintf(`--customize-hook=chroot "$1" sh -eu <%q`, system.setup),
		suite, rootfs)
	// What is mounted in the new system goes with the mount namespace, also when the build is killed.
	cmd := exec.Command("unshare", append([]string{"--mount", "--propagation", "private", "mmdebstrap"}, args...)...)
	cmd.Env = append(reproducibleEnv(), "TMPDIR="+work, "DEBIAN_FRONTEND=noninteractive")
	if err := run(cmd); err != nil {
		return "", fmt.Errorf("install Debian packages: %w", err)
	}
	return rootfs, nil
}
