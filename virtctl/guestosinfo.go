// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newGuestOSInfoCommand(client *client) *cobra.Command {
	return newQuestionCommand(client, question{
		command: "guestosinfo",
		verb:    "guestosinfo",
		short:   "Show what a guest says about its operating system",
		long:    "Show what a guest says about its operating system, its users and its file systems.",
		example: `
# Show the operating system of the guest demo.
virtctl guestosinfo demo`,
		table: describeGuest,
	})
}

func describeGuest(w io.Writer, answer json.RawMessage) error {
	info := &v1.VirtualMachineInstanceGuestAgentInfo{}
	if err := decode(answer, info); err != nil {
		return err
	}
	enabled := 0
	for _, c := range info.SupportedCommands {
		if c.Enabled {
			enabled++
		}
	}
	system := info.OS.PrettyName
	if system == "" {
		system = words(info.OS.Name, info.OS.Version)
	}
	row(w, "Hostname:", info.Hostname)
	row(w, "Operating system:", system)
	row(w, "Kernel:", words(info.OS.KernelRelease, info.OS.Machine))
	row(w, "Time zone:", info.Timezone)
	row(w, "Guest agent:", words(info.GAVersion, fmt.Sprintf("(%d of %d commands enabled)", enabled, len(info.SupportedCommands))))
	row(w, "File systems:", info.FSFreezeStatus)
	for _, fs := range info.FSInfo.Filesystems {
		row(w, " ", words(fs.MountPoint, fs.FileSystemType, fmt.Sprintf("(%s of %s used)", size(fs.UsedBytes), size(fs.TotalBytes))))
	}
	row(w, "Users:", fmt.Sprint(len(info.UserList)))
	for _, u := range info.UserList {
		row(w, " ", words(u.UserName, u.Domain, when(u.LoginTime)))
	}
	return nil
}

// words joins what is known.
func words(list ...string) string {
	var known []string
	for _, word := range list {
		if word != "" {
			known = append(known, word)
		}
	}
	return strings.Join(known, " ")
}
