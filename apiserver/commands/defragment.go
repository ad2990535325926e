// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package commands

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
	"github.com/virtplane/virtplane/apiserver/storagespace"
)

func newDefragment() *cobra.Command {
	etcd := newEtcd()
	cmd := &cobra.Command{
		Use:   "defragment",
		Short: "Give back all the room in the embedded etcd that can be, at once",
		Long: `Give back all the room in the embedded etcd that can be, at once: history is compacted, the database is rewritten, and the
alarm NOSPACE is taken back. The server does this by itself when it pays; the command is for who does not want to wait. The
member does not answer while the database is rewritten. Clients that lag behind have to list again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := etcd.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer client.Close()
			member := storagespace.NewMember(client, embeddedetcd.Endpoint(etcd.dataDir), etcd.prefix, etcd.dataDir)
			before, after, err := member.Reclaim(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "The database took %d MiB and takes %d MiB now\n", before>>20, after>>20)
			return nil
		},
	}
	etcd.addDataDir(cmd.Flags())
	return cmd
}
