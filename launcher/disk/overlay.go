// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

const (
	clusterBits = 16
	clusterSize = 1 << clusterBits
	// Each L1 entry is for one L2 table of a cluster, which has 8 bytes for each data cluster.
	bytesPerL1Entry = clusterSize / 8 * clusterSize
	// lazyRefcounts saves metadata writes; the price is a repair after a crash, after which an
	// overlay is thrown away anyway.
	lazyRefcounts    = 1 << 0
	backingFormatExt = 0xe2792aca
	refcountOrder16  = 4
	maxBackingPath   = 1023
	firstL1Cluster   = 3
)

// qcow2Header is the version 3 header of QEMU's docs/interop/qcow2.
type qcow2Header struct {
	Magic                 [4]byte
	Version               uint32
	BackingOffset         uint64
	BackingSize           uint32
	ClusterBits           uint32
	Size                  uint64
	CryptMethod           uint32
	L1Size                uint32
	L1Offset              uint64
	RefcountTableOffset   uint64
	RefcountTableClusters uint32
	Snapshots             uint32
	SnapshotsOffset       uint64
	Incompatible          uint64
	Compatible            uint64
	Autoclear             uint64
	RefcountOrder         uint32
	HeaderLength          uint32
}

// createOverlay writes an empty qcow2 image of size bytes over base. It is written here because
// starting qemu-img takes longer than all other preparations of a disk together.
func createOverlay(path string, base *Source, size int64) error {
	if len(base.Path) > maxBackingPath {
		return fmt.Errorf("create overlay: the path of the disk is longer than %d bytes", maxBackingPath)
	}
	l1Entries := (size + bytesPerL1Entry - 1) / bytesPerL1Entry
	l1Clusters := (l1Entries*8 + clusterSize - 1) / clusterSize
	clusters := firstL1Cluster + l1Clusters

	header, err := encodeHeader(base, uint64(size), uint32(l1Entries))
	if err != nil {
		return fmt.Errorf("create overlay: %w", err)
	}
	refcountTable := binary.BigEndian.AppendUint64(nil, 2*clusterSize)
	refcounts := make([]byte, 0, 2*clusters)
	for range clusters {
		refcounts = binary.BigEndian.AppendUint16(refcounts, 1)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("create overlay: %w", err)
	}
	_, err1 := f.WriteAt(header, 0)
	_, err2 := f.WriteAt(refcountTable, clusterSize)
	_, err3 := f.WriteAt(refcounts, 2*clusterSize)
	if err := errors.Join(err1, err2, err3, f.Truncate(clusters*clusterSize), f.Close()); err != nil {
		return fmt.Errorf("create overlay: %w", err)
	}
	return nil
}

// encodeHeader gives cluster 0: header, the backing file's format as an extension, and its path.
// The format is explicit so that a guest which writes a qcow2 header into a raw disk gains nothing.
func encodeHeader(base *Source, size uint64, l1Entries uint32) ([]byte, error) {
	format := []byte(base.Format)
	extensions := binary.BigEndian.AppendUint32(nil, backingFormatExt)
	extensions = binary.BigEndian.AppendUint32(extensions, uint32(len(format)))
	extensions = append(extensions, format...)
	for len(extensions)%8 != 0 {
		extensions = append(extensions, 0)
	}
	extensions = append(extensions, make([]byte, 8)...)

	h := qcow2Header{
		Version:               3,
		BackingOffset:         uint64(qcow2HeaderSize + len(extensions)),
		BackingSize:           uint32(len(base.Path)),
		ClusterBits:           clusterBits,
		Size:                  size,
		L1Size:                l1Entries,
		L1Offset:              firstL1Cluster * clusterSize,
		RefcountTableOffset:   clusterSize,
		RefcountTableClusters: 1,
		Compatible:            lazyRefcounts,
		RefcountOrder:         refcountOrder16,
		HeaderLength:          qcow2HeaderSize,
	}
	copy(h.Magic[:], qcow2Magic)
	var out bytes.Buffer
	if err := binary.Write(&out, binary.BigEndian, h); err != nil {
		return nil, err
	}
	out.Write(extensions)
	out.WriteString(base.Path)
	return out.Bytes(), nil
}
