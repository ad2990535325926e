// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newPermittedDevicesCommand(client *client) *cobra.Command {
	var output output
	cmd := &cobra.Command{
		Use:   "permitted-devices [flags]",
		Short: "List the devices of nodes that guests may ask for",
		Long: "List the devices of nodes that guests may ask for, by the names that deviceName of hostDevices and gpus takes.\n" +
			"Administrators permit them in spec.configuration.permittedHostDevices of the KubeVirt object.",
		Example: `
# List the devices.
virtctl permitted-devices

# With the vendors and products behind the names.
virtctl permitted-devices --output=yaml`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.check(cmd); err != nil {
				return err
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			kv, err := c.settings(cmd.Context())
			if err != nil {
				return err
			}
			permitted := kv.Spec.Configuration.PermittedHostDevices
			if permitted == nil {
				permitted = &v1.PermittedHostDevices{}
			}
			if output.format == "" {
				printPermitted(cmd, permitted)
				return nil
			}
			encoded, err := json.Marshal(permitted)
			if err != nil {
				return fmt.Errorf("encode devices: %w", err)
			}
			return output.print(cmd, encoded, nil)
		},
	}
	output.addFlag(cmd, "", "their names", formatJSON, formatYAML)
	return cmd
}

// printPermitted writes the names in the form that is known, spaces at the ends of lines among it.
func printPermitted(cmd *cobra.Command, permitted *v1.PermittedHostDevices) {
	var pci, mediated, usb []string
	for _, d := range permitted.PciHostDevices {
		pci = append(pci, d.ResourceName)
	}
	for _, d := range permitted.MediatedDevices {
		mediated = append(mediated, d.ResourceName)
	}
	for _, d := range permitted.USB {
		usb = append(usb, d.ResourceName)
	}
	cmd.Printf("Permitted Devices: \nHost Devices: \n%s \nGPU Devices: \n%s\n", strings.Join(pci, ", "), strings.Join(mediated, ", "))
	if len(usb) > 0 {
		cmd.Printf("USB Devices: \n%s\n", strings.Join(usb, ", "))
	}
}
