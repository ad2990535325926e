// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// claimFile is the disk in a claim of volumeMode Filesystem.
	claimFile = "disk.img"
	// reservedShare of a claim's free space stays free when its disk is made: one part in this many.
	reservedShare = 20
	mebibyte      = 1 << 20
)

// claim finds the disk of a PersistentVolumeClaim. It is always raw: the guest can write any header
// into it, so that no format is ever guessed.
func (p *Preparer) claim(volume *v1.Volume) (Source, error) {
	readOnly := volume.PersistentVolumeClaim != nil && volume.PersistentVolumeClaim.ReadOnly
	device := filepath.Join(p.Devices, volume.Name)
	if info, err := os.Lstat(device); err == nil && info.Mode().Type() == os.ModeDevice {
		return Source{Path: device, Format: Raw, Block: true, ReadOnly: readOnly}, nil
	}
	path := filepath.Join(p.Claims, volume.Name, claimFile)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && readOnly:
		return Source{}, fmt.Errorf("the claim holds no %s and is read-only", claimFile)
	case errors.Is(err, os.ErrNotExist):
		if err := createClaimDisk(path); err != nil {
			return Source{}, err
		}
	case err != nil:
		return Source{}, fmt.Errorf("look for %s in the claim: %w", claimFile, withoutPath(err))
	case !info.Mode().IsRegular():
		return Source{}, fmt.Errorf("%s in the claim is not a regular file", claimFile)
	}
	return Source{Path: path, Format: Raw, ReadOnly: readOnly, Indirect: !directIO(path)}, nil
}

// directIO tells that a file can be read and written past the page cache.
func directIO(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
}

// createClaimDisk makes the disk of a claim that is used for the first time, as large as the claim
// has room for.
func createClaimDisk(path string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &fs); err != nil {
		return fmt.Errorf("look for the claim: %w", err)
	}
	free := int64(fs.Bavail) * fs.Bsize
	size := (free - free/reservedShare) / mebibyte * mebibyte
	if size <= 0 {
		return errors.New("the claim is empty and has no room for a disk")
	}
	if err := createSparse(path, size); err != nil {
		return fmt.Errorf("create %s in the claim: %w", claimFile, withoutPath(err))
	}
	return nil
}
