// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// debianPackages names the Debian package that carries a tool, for the error message.
var debianPackages = map[string]string{
	"mmdebstrap": "mmdebstrap", "gcc": "gcc", "qemu-img": "qemu-utils", "mke2fs": "e2fsprogs",
	"mkfs.vfat": "dosfstools", "mcopy": "mtools", "chroot": "coreutils", "unshare": "util-linux", "ldconfig": "libc-bin", "go": "golang", "tar": "tar",
}

// NeedTools says which of the tools are missing and which packages have them.
func NeedTools(tools ...string) error {
	var missing []string
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool+" (Debian package "+debianPackages[tool]+")")
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing on this machine: %s", strings.Join(missing, ", "))
	}
	return nil
}

// run runs a command and puts the end of its output into the error.
func run(cmd *exec.Cmd) error {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w\n%s", strings.Join(cmd.Args, " "), err, tail(output.String(), 20))
	}
	return nil
}

// compileStatic compiles one C file into a static program.
func compileStatic(program, source string) error {
	return run(exec.Command("gcc", "-Os", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-Wl,--build-id=none", "-o", program, source))
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}

// reproducibleEnv is the environment for tools that write times into their output.
func reproducibleEnv() []string {
	return append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(archive.Epoch.Unix(), 10), "LC_ALL=C.UTF-8", "TZ=UTC")
}
