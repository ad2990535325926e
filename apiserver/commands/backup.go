// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/term"

	"github.com/virtplane/virtplane/apiserver/backup"
)

func newBackup() *cobra.Command {
	etcd := newEtcd()
	cmd := &cobra.Command{
		Use:   "backup FILE|-",
		Short: "Save all objects of a running server to a file, or to the standard output",
		Long: `Save all objects of a running server to a file, or to the standard output, while it goes on serving:

  kubectl -n virtplane-system exec virt-apiserver-0 -- virt-apiserver backup - > virtplane.backup

The file holds what the virtual machines hold, secrets among it; objects that are encrypted at rest stay so.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return save(cmd.Context(), etcd, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	etcd.addDataDir(cmd.Flags())
	etcd.addServers(cmd.Flags())
	return cmd
}

func save(ctx context.Context, etcd *etcd, name string, stdout, stderr io.Writer) error {
	if file, ok := stdout.(*os.File); name == "-" && ok && term.IsTerminal(int(file.Fd())) {
		return errors.New("the backup is no text for a terminal: name a file, or send the output to one (kubectl exec without -t)")
	}
	client, err := etcd.connect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if len(etcd.servers) > 0 {
		if err := alone(ctx, client, etcd); err != nil {
			return err
		}
	}
	var m *backup.Manifest
	if name == "-" {
		m, err = backup.Save(ctx, client, etcd.prefix, stdout)
	} else {
		m, err = backup.SaveFile(ctx, client, etcd.prefix, name)
	}
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	fmt.Fprintf(stderr, "Saved %s\n", &backup.Contents{Revision: m.Revision, Objects: m.Objects})
	return nil
}

// alone refuses an etcd that others use: a snapshot would hold what is theirs.
func alone(ctx context.Context, client *clientv3.Client, etcd *etcd) error {
	all, err := client.Get(ctx, "\x00", clientv3.WithFromKey(), clientv3.WithCountOnly())
	if err != nil {
		return fmt.Errorf("count keys: %w", err)
	}
	own := int64(0)
	for _, key := range []string{etcd.prefix + "/", "compact_rev_key"} {
		answer, err := client.Get(ctx, key, clientv3.WithPrefix(), clientv3.WithCountOnly())
		if err != nil {
			return fmt.Errorf("count keys: %w", err)
		}
		own += answer.Count
	}
	if all.Count > own {
		return fmt.Errorf("etcd at %s holds %d keys outside of %s, and a snapshot would hold them too: back it up with its own tools (etcdctl snapshot save)", etcd.servers[0], all.Count-own, etcd.prefix)
	}
	return nil
}
