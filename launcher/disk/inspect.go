// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	// sectorSize is the unit of a disk's size, in bytes.
	sectorSize = 512
	// maxDiskSize refuses headers that would make a table of tables for the overlay, in bytes.
	maxDiskSize = 64 << 40

	qcow2Magic = "QFI\xfb"
	// The offsets and bits are those of QEMU's docs/interop/qcow2.
	qcow2BackingOffset  = 8
	qcow2SizeOffset     = 24
	qcow2CryptOffset    = 32
	qcow2FeaturesOffset = 72
	qcow2Corrupt        = 1 << 1
	qcow2DataFile       = 1 << 2
	qcow2HeaderSize     = 104
)

// foreign are formats that would boot as garbage if they were taken for raw disks.
var foreign = []struct{ magic, name string }{
	{"KDMV", "a VMDK image"},
	{"vhdxfile", "a VHDX image"},
	{"conectix", "a VHD image"},
	{"QED\x00", "a QED image"},
	{"\x1f\x8b", "compressed by gzip"},
	{"\xfd7zXZ\x00", "compressed by xz"},
	{"\x28\xb5\x2f\xfd", "compressed by zstd"},
	{"BZh", "compressed by bzip2"},
}

// image is what a disk file's header says.
type image struct {
	Format Format
	// Size that the guest sees, in bytes.
	Size int64
}

// inspect reads the header of a disk file from a container image. A qcow2 file that points to
// other files is refused: it could name any path in the launcher.
func inspect(f *os.File) (image, error) {
	info, err := f.Stat()
	if err != nil {
		return image{}, err
	}
	if info.IsDir() {
		return image{}, errors.New("is a directory, not a disk")
	}
	if info.Size() == 0 {
		return image{}, errors.New("is an empty file")
	}
	header := make([]byte, qcow2HeaderSize)
	n, err := f.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return image{}, withoutPath(err)
	}
	header = header[:n]
	if bytes.HasPrefix(header, []byte(qcow2Magic)) {
		return inspectQcow2(header)
	}
	for _, other := range foreign {
		if bytes.HasPrefix(header, []byte(other.magic)) {
			return image{}, fmt.Errorf("is %s; convert it to qcow2 or raw", other.name)
		}
	}
	return checkSize(image{Format: Raw, Size: (info.Size() + sectorSize - 1) / sectorSize * sectorSize})
}

func inspectQcow2(header []byte) (image, error) {
	if len(header) < qcow2HeaderSize {
		return image{}, errors.New("is a qcow2 image that is cut short")
	}
	version := binary.BigEndian.Uint32(header[4:])
	if version != 2 && version != 3 {
		return image{}, fmt.Errorf("is a qcow2 image of version %d; versions 2 and 3 are supported", version)
	}
	if binary.BigEndian.Uint64(header[qcow2BackingOffset:]) != 0 {
		return image{}, errors.New("is a qcow2 image with a backing file, which is refused; flatten it with qemu-img convert")
	}
	if binary.BigEndian.Uint32(header[qcow2CryptOffset:]) != 0 {
		return image{}, errors.New("is an encrypted qcow2 image, which is not supported")
	}
	if version == 3 {
		features := binary.BigEndian.Uint64(header[qcow2FeaturesOffset:])
		if features&qcow2DataFile != 0 {
			return image{}, errors.New("is a qcow2 image with an external data file, which is refused; flatten it with qemu-img convert")
		}
		if features&qcow2Corrupt != 0 {
			return image{}, errors.New("is a qcow2 image that is marked as corrupt")
		}
	}
	size := binary.BigEndian.Uint64(header[qcow2SizeOffset:])
	if size > maxDiskSize {
		return image{}, fmt.Errorf("has %d bytes; at most %d are supported", size, uint64(maxDiskSize))
	}
	return checkSize(image{Format: Qcow2, Size: int64(size)})
}

func checkSize(i image) (image, error) {
	if i.Size <= 0 {
		return image{}, errors.New("has no size")
	}
	if i.Size > maxDiskSize {
		return image{}, fmt.Errorf("has %d bytes; at most %d are supported", i.Size, int64(maxDiskSize))
	}
	return i, nil
}
