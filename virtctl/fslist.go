// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newFSListCommand(client *client) *cobra.Command {
	return newQuestionCommand(client, question{
		command: "fslist",
		verb:    "filesystemlist",
		short:   "List the file systems of a guest",
		long:    "List the file systems that are mounted in a guest.",
		example: `
# List the file systems of the guest demo.
virtctl fslist demo`,
		table: func(w io.Writer, answer json.RawMessage) error {
			list := &v1.VirtualMachineInstanceFileSystemList{}
			if err := decode(answer, list); err != nil {
				return err
			}
			row(w, "DISK", "MOUNT POINT", "TYPE", "SIZE", "USED", "USE")
			for _, fs := range list.Items {
				row(w, fs.DiskName, fs.MountPoint, fs.FileSystemType, size(fs.TotalBytes), size(fs.UsedBytes), share(fs.UsedBytes, fs.TotalBytes))
			}
			return nil
		},
	})
}

// size returns a number of bytes with three or four digits and a binary unit.
func size(bytes int64) string {
	value, units := float64(bytes), []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for value >= 1024 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	if value == float64(int64(value)) || value >= 100 {
		return fmt.Sprintf("%.0f%s", value, units[0])
	}
	return fmt.Sprintf("%.1f%s", value, units[0])
}

// share returns part of whole in percent.
func share(part, whole int64) string {
	if whole <= 0 || part < 0 {
		return ""
	}
	return fmt.Sprintf("%.0f%%", 100*float64(part)/float64(whole))
}
