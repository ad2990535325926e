// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newPauseCommand(client *client) *cobra.Command {
	var dry dryRun
	cmd := &cobra.Command{
		Use:   "pause (vm|vmi) NAME [flags]",
		Short: "Stop the CPUs of a guest",
		Long:  "Stop the CPUs of a guest, which keeps its memory, until it is unpaused.",
		Example: `
# Pause the virtual machine demo.
virtctl pause vm demo

# Pause an instance that belongs to no virtual machine.
virtctl pause vmi/demo`,
		Args:              rangeArgs(1, 2),
		ValidArgsFunction: completeKindAndName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			return onInstance(cmd, args, client, "pause", &v1.PauseOptions{DryRun: dry.option()}, dry)
		},
	}
	dry.addFlag(cmd)
	return cmd
}

// onInstance performs verb on an instance, or on the instance of a virtual machine, which has the same name.
func onInstance(cmd *cobra.Command, args []string, client *client, verb string, options any, dry dryRun) error {
	t, err := parseTarget(args, instances)
	if err != nil {
		return err
	}
	if t.resource == machines {
		if err := client.get(cmd.Context(), t); err != nil {
			return err
		}
	}
	err = client.put(cmd.Context(), target{instances, t.name}, verb, options)
	if t.resource == machines && apierrors.IsNotFound(err) {
		return fmt.Errorf("%s VM %s: it is not running", verb, t.name)
	}
	if err != nil {
		return err
	}
	dry.report(cmd, "VMI %s was scheduled to %s", t.name, verb)
	return nil
}
