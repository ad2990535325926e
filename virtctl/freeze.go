// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// defaultUnfreezeTimeout is when a guest is thawed that was forgotten: its programs stand still until then.
const defaultUnfreezeTimeout = 5 * time.Minute

func newFreezeCommand(client *client) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "freeze VMI [flags]",
		Short: "Freeze the file systems of a guest, for a snapshot",
		Long: "Have the guest agent write all data to the disks and hold back further writes, so that a snapshot of the disks is\n" +
			"consistent. The command unfreeze lets the guest go on, or the timeout does.",
		Example: `
# Freeze the guest demo for a snapshot of its storage.
virtctl freeze demo
virtctl unfreeze demo

# Let it go on by itself after 30 seconds.
virtctl freeze demo --unfreeze-timeout=30s`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			if timeout < 0 {
				return usageError(cmd, fmt.Errorf("--unfreeze-timeout=%s: it cannot be negative", timeout))
			}
			options := &v1.FreezeUnfreezeTimeout{UnfreezeTimeout: &metav1.Duration{Duration: timeout}}
			return tellGuest(cmd, args, client, "freeze", "freeze", options)
		},
	}
	cmd.Flags().DurationVar(&timeout, "unfreeze-timeout", defaultUnfreezeTimeout, "When the guest goes on by itself; 0 is never")
	return cmd
}
