// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// emptyDisk makes a sparse file: it takes only the space that the guest writes to.
func (p *Preparer) emptyDisk(name string, source *v1.EmptyDiskSource) (Source, error) {
	size := source.Capacity.Value()
	if size <= 0 || size > maxDiskSize {
		return Source{}, fmt.Errorf("emptyDisk.capacity: %s is not a usable size", source.Capacity.String())
	}
	// Whole mebibytes suit every block size, also those that direct I/O asks for.
	size = (size + mebibyte - 1) / mebibyte * mebibyte
	path := filepath.Join(p.Work, name+".raw")
	if err := createSparse(path, size); err != nil {
		return Source{}, fmt.Errorf("create empty disk: %w", err)
	}
	return Source{Path: path, Format: Raw, Ephemeral: true, Size: size}, nil
}

func createSparse(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}
