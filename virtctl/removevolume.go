// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newRemoveVolumeCommand(client *client) *cobra.Command {
	var volume string
	var dry dryRun
	cmd := &cobra.Command{
		Use:   "removevolume VM --volume-name=VOLUME [flags]",
		Short: "Take a volume off a virtual machine",
		Long: "Take a volume that was added with addvolume off a virtual machine, or off an instance that belongs to none. The claim\n" +
			"and its data stay.",
		Example: `
# Take the volume data off the virtual machine demo.
virtctl removevolume demo --volume-name=data`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := parseTarget(args, machines)
			if err != nil {
				return err
			}
			if volume == "" {
				return usageError(cmd, errors.New("--volume-name is missing: name the volume to take off"))
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			options := &v1.RemoveVolumeOptions{Name: volume, DryRun: dry.option()}
			if err := c.changeVolumes(cmd, t, "removevolume", options); err != nil {
				return err
			}
			dry.report(cmd, "Successfully submitted remove volume request to VM %s for volume %s", t.name, volume)
			return nil
		},
	}
	cmd.Flags().StringVar(&volume, "volume-name", "", "Name of the volume")
	addPersistFlag(cmd)
	dry.addFlag(cmd)
	return cmd
}
