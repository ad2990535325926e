// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package commands

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/apiserver/backup"
)

func newVerify() *cobra.Command {
	return &cobra.Command{
		Use:   "verify FILE|-",
		Short: "Check that a backup is whole, and tell what it holds",
		Long: `Check that a backup is whole, and tell what it holds. Nothing is restored. A temporary copy is made in the directory
that the environment variable TMPDIR names, or in /tmp.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := open(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			defer file.Close()
			m, contents, err := backup.Verify(file)
			if err != nil {
				return fmt.Errorf("verify backup: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "The backup of %s by virt-apiserver %s is whole: %s\n", m.Time.Local().Format("2006-01-02 15:04:05 MST"), m.Version, contents)
			return nil
		},
	}
}

// open returns a file, or the standard input for "-".
func open(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open backup: %w", err)
	}
	return file, nil
}
