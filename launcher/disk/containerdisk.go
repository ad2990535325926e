// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// diskDir is where a container image holds its disk when the volume names no path.
const diskDir = "disk"

// containerDisk finds the disk in the mounted image and lays a writable overlay over it.
func (p *Preparer) containerDisk(name string, source *v1.ContainerDiskSource) (Source, error) {
	root := filepath.Join(p.ContainerDisks, name)
	file, err := findDisk(root, source.Path)
	if err != nil {
		return Source{}, fmt.Errorf("image %s: %w", source.Image, err)
	}
	f, err := openBeneath(root, file)
	if err != nil {
		return Source{}, fmt.Errorf("image %s: %w", source.Image, err)
	}
	defer f.Close()
	image, err := inspect(f)
	if err != nil {
		return Source{}, fmt.Errorf("image %s: /%s: %w", source.Image, file, err)
	}
	base := &Source{Path: filepath.Join(root, file), Format: image.Format, ReadOnly: true}
	overlay := filepath.Join(p.Work, name+".qcow2")
	if err := createOverlay(overlay, base, image.Size); err != nil {
		return Source{}, err
	}
	return Source{Path: overlay, Format: Qcow2, Ephemeral: true, Size: int64(image.Size), Backing: base}, nil
}

// findDisk returns the path of the disk relative to the image's root.
func findDisk(root, wanted string) (string, error) {
	if wanted != "" {
		clean := strings.TrimPrefix(path.Clean("/"+wanted), "/")
		if clean == "" {
			return "", fmt.Errorf("path %q is not a file", wanted)
		}
		return clean, nil
	}
	dir, err := openBeneath(root, diskDir)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("there is no /%s directory; put the disk there or set containerDisk.path", diskDir)
	}
	if err != nil {
		return "", err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return "", fmt.Errorf("/%s: %w", diskDir, withoutPath(err))
	}
	switch len(entries) {
	case 0:
		return "", fmt.Errorf("/%s is empty; put the disk there", diskDir)
	case 1:
		return path.Join(diskDir, entries[0].Name()), nil
	}
	return "", fmt.Errorf("/%s holds %d files; leave one there or set containerDisk.path", diskDir, len(entries))
}

// openBeneath opens a file of an image that nobody vouches for: no symbolic link is followed and
// nothing but a regular file or directory is opened (a pipe would block, a device would be worse).
func openBeneath(root, name string) (*os.File, error) {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open image: %w", err)
	}
	defer unix.Close(dir)
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	fd, err := unix.Openat2(dir, name, &how)
	switch {
	case errors.Is(err, unix.ELOOP):
		return nil, fmt.Errorf("/%s is or goes through a symbolic link, which is not followed", name)
	case err != nil:
		return nil, fmt.Errorf("/%s: %w", name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = fmt.Errorf("/%s is not a regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// withoutPath drops the path from a file error where the message names it already.
func withoutPath(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
