// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// SaveFile is Save to a file, which appears under its name when all of it is on the disk.
func SaveFile(ctx context.Context, client *clientv3.Client, prefix, path string) (*Manifest, error) {
	// The temporary file is readable for its owner alone, and so is the backup: it holds secrets of guests.
	file, err := os.CreateTemp(filepath.Dir(path), ".backup-*")
	if err != nil {
		return nil, fmt.Errorf("make file: %w", err)
	}
	m, err := Save(ctx, client, prefix, file)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(file.Name()))
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return nil, errors.Join(fmt.Errorf("rename file: %w", err), os.Remove(file.Name()))
	}
	return m, syncPath(filepath.Dir(path))
}
