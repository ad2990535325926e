// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

const (
	sectorSize     = 512
	partitionAlign = 1 << 20
	typeFAT32LBA   = 0x0c // firmware of either kind looks for a boot loader in it
	typeLinux      = 0x83
	bootCodeSize   = 440
)

// partition is a part of a disk that is kept in a file of its own.
type partition struct {
	kind   byte
	active bool
	path   string
}

// writeDisk writes a raw disk: boot code, a DOS partition table and the partitions. The file is
// sparse where the partitions are.
func writeDisk(path string, bootCode []byte, signature uint32, partitions []partition) error {
	if len(bootCode) > bootCodeSize || len(partitions) > 4 {
		return fmt.Errorf("write disk: %d bytes of boot code, %d partitions", len(bootCode), len(partitions))
	}
	disk, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write disk: %w", err)
	}
	defer disk.Close()
	sector := make([]byte, sectorSize)
	copy(sector, bootCode)
	binary.LittleEndian.PutUint32(sector[440:], signature)
	sector[510], sector[511] = 0x55, 0xaa
	offset := int64(partitionAlign)
	for i, p := range partitions {
		info, err := os.Stat(p.path)
		if err != nil {
			return fmt.Errorf("write disk: %w", err)
		}
		putPartition(sector[446+16*i:], p, offset, info.Size())
		if err := copySparse(disk, offset, p.path); err != nil {
			return fmt.Errorf("write disk: %w", err)
		}
		offset += (info.Size() + partitionAlign - 1) / partitionAlign * partitionAlign
	}
	if _, err := disk.WriteAt(sector, 0); err != nil {
		return fmt.Errorf("write disk: %w", err)
	}
	if err := disk.Truncate(offset); err != nil {
		return fmt.Errorf("write disk: %w", err)
	}
	return disk.Close()
}

// putPartition fills a table entry. Cylinders, heads and sectors are given as "too large", so that
// only the sector numbers count.
func putPartition(entry []byte, p partition, offset, size int64) {
	if p.active {
		entry[0] = 0x80
	}
	copy(entry[1:], []byte{0xfe, 0xff, 0xff, p.kind, 0xfe, 0xff, 0xff})
	binary.LittleEndian.PutUint32(entry[8:], uint32(offset/sectorSize))
	binary.LittleEndian.PutUint32(entry[12:], uint32(size/sectorSize))
}

// copySparse copies a file and leaves holes for zeros.
func copySparse(to *os.File, offset int64, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	block, zero := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(from, block)
		if n > 0 && string(block[:n]) != string(zero[:n]) {
			if _, err := to.WriteAt(block[:n], offset); err != nil {
				return err
			}
		}
		offset += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
