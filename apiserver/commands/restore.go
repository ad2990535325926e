// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package commands

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/apiserver/backup"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

// defaultWait is far above what a restart with gigabytes of objects takes.
const defaultWait = 5 * time.Minute

func newRestore() *cobra.Command {
	etcd := newEtcd()
	var replace bool
	wait := defaultWait
	cmd := &cobra.Command{
		Use:   "restore FILE|-",
		Short: "Replace all objects by those of a backup",
		Long: `Replace all objects by those of a backup. The backup is checked first; the data that it replaces is kept beside it, in a
directory replaced-TIME, until the next restore. With --replace also beneath a running server, which stops for it and comes back:

  kubectl -n virtplane-system exec -i virt-apiserver-0 -- virt-apiserver restore --replace - < virtplane.backup

Clients notice: their watches end, they list again, and no version that they hold is taken for a present one.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := open(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			defer file.Close()
			name, peerURL := embeddedetcd.First()
			r := &backup.Restore{
				DataDir: etcd.dataDir, Endpoint: embeddedetcd.Endpoint(etcd.dataDir), Replace: replace, Wait: wait, Now: time.Now,
				Member: backup.Member{Name: name, PeerURL: peerURL, Token: backup.NewToken(time.Now())},
			}
			return restore(cmd.Context(), r, file, cmd.ErrOrStderr())
		},
	}
	etcd.addDataDir(cmd.Flags())
	cmd.Flags().BoolVar(&replace, "replace", false, "Also stop a server that runs on the data directory and let it go on with the backup.")
	cmd.Flags().DurationVar(&wait, "wait", wait, "How long the server may take to come back.")
	return cmd
}

func restore(ctx context.Context, r *backup.Restore, from io.Reader, stderr io.Writer) error {
	staged, order, err := r.Run(ctx, from)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	fmt.Fprintf(stderr, "Restored %s; clients see it from revision %d on. The replaced data is in %s/%s\n", staged.Contents, order.Revision, r.DataDir, order.Aside)
	return nil
}
