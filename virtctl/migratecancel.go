// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	migrations = "virtualmachineinstancemigrations"
	// migratedLabel holds the name of the instance that a migration moves.
	migratedLabel = "kubevirt.io/vmi-name"
)

func newMigrateCancelCommand(client *client) *cobra.Command {
	var dry dryRun
	cmd := &cobra.Command{
		Use:   "migrate-cancel VM [flags]",
		Short: "Cancel the migration of a virtual machine",
		Long:  "Cancel the migration of a virtual machine, which goes on to run where it is.",
		Example: `
# Keep the virtual machine demo where it is.
virtctl migrate-cancel demo`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := parseMachine(cmd, args)
			if err != nil {
				return err
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			migration, err := c.runningMigration(cmd.Context(), name)
			if err != nil {
				return err
			}
			options := metav1.DeleteOptions{DryRun: dry.option()}
			if err := c.remove(cmd.Context(), options, c.in(objectsPath, migrations, migration)...); err != nil {
				return err
			}
			dry.report(cmd, "VM %s was scheduled to migrate-cancel", name)
			return nil
		},
	}
	dry.addFlag(cmd)
	return cmd
}

// runningMigration returns the name of the migration of an instance that is not over.
func (c *connection) runningMigration(ctx context.Context, instance string) (string, error) {
	var list struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Status struct {
				Phase string `json:"phase"`
			} `json:"status"`
		} `json:"items"`
	}
	request := c.requests.Get().AbsPath(c.in(objectsPath, migrations)...).Param("labelSelector", migratedLabel+"="+instance)
	if err := c.do(ctx, request, nil, &list); isUnserved(err) {
		return "", errors.New("the cluster has no live migration: it does not serve " + migrations + ".kubevirt.io")
	} else if err != nil {
		return "", err
	}
	for _, m := range list.Items {
		if m.Status.Phase != "Succeeded" && m.Status.Phase != "Failed" {
			return m.Metadata.Name, nil
		}
	}
	return "", fmt.Errorf("migrate-cancel VM %s: no migration of it is under way", instance)
}
