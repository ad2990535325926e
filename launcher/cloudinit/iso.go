// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"os"
	"path"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

const (
	isoBlock = 2048
	// isoOverhead is room for descriptors, path tables and directories, in bytes.
	isoOverhead = 1 << 20
)

// WriteISO writes data as an ISO 9660 file system with Rock Ridge and Joliet names, which Linux
// and Windows guests read with the names as they are.
func WriteISO(name string, data Data) error {
	workspace, err := os.MkdirTemp(path.Dir(name), "iso")
	if err != nil {
		return fmt.Errorf("create cloud-init image: %w", err)
	}
	defer os.RemoveAll(workspace)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create cloud-init image: %w", err)
	}
	defer f.Close()
	var size int64 = isoOverhead
	for _, content := range data.Files {
		size += int64(len(content)+isoBlock-1) / isoBlock * isoBlock
	}
	fs, err := iso9660.Create(file.New(f, false), size, 0, isoBlock, workspace)
	if err != nil {
		return fmt.Errorf("create cloud-init image: %w", err)
	}
	for file, content := range data.Files {
		target := path.Join(workspace, file)
		if err := os.MkdirAll(path.Dir(target), 0o755); err != nil {
			return fmt.Errorf("create cloud-init image: %w", err)
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return fmt.Errorf("create cloud-init image: %w", err)
		}
	}
	err = fs.Finalize(iso9660.FinalizeOptions{RockRidge: true, Joliet: true, VolumeIdentifier: data.Label})
	if err != nil {
		return fmt.Errorf("create cloud-init image: %w", err)
	}
	// The last file is not padded to a block, without which a drive cannot read it to its end.
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("create cloud-init image: %w", err)
	}
	if err := f.Truncate((info.Size() + isoBlock - 1) / isoBlock * isoBlock); err != nil {
		return fmt.Errorf("create cloud-init image: %w", err)
	}
	return nil
}
