// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDiskHasItsPartitionsWhereTheTableSays(t *testing.T) {
	dir := t.TempDir()
	boot := strings.Repeat("b", 3*sectorSize)
	root := strings.Repeat("\x00", 128<<10) + strings.Repeat("r", 2<<20) // begins with a hole
	writeFile(t, dir+"/boot", boot)
	writeFile(t, dir+"/root", root)
	disk := filepath.Join(dir, "disk")
	err := writeDisk(disk, []byte("code"), 0x01020304, []partition{
		{kind: typeFAT32LBA, active: true, path: dir + "/boot"}, {kind: typeLinux, path: dir + "/root"}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(raw, []byte("code")) || raw[510] != 0x55 || raw[511] != 0xaa || binary.LittleEndian.Uint32(raw[440:]) != 0x01020304 {
		t.Error("boot code, disk signature or the mark at the sector's end is wrong")
	}
	for i, want := range []struct {
		kind, active byte
		content      string
	}{{typeFAT32LBA, 0x80, boot}, {typeLinux, 0, root}} {
		entry := raw[446+16*i:]
		start, count := int(binary.LittleEndian.Uint32(entry[8:])), int(binary.LittleEndian.Uint32(entry[12:]))
		if entry[0] != want.active || entry[4] != want.kind || start*sectorSize%partitionAlign != 0 {
			t.Errorf("partition %d: active %x, type %x, first sector %d", i+1, entry[0], entry[4], start)
		}
		if got := string(raw[start*sectorSize : (start+count)*sectorSize]); got != want.content {
			t.Errorf("partition %d has other content than its file", i+1)
		}
	}
	if len(raw)%partitionAlign != 0 {
		t.Errorf("the disk has %d bytes", len(raw))
	}
}

func TestDiskRefusesMoreThanTheTableHolds(t *testing.T) {
	dir := t.TempDir()
	if err := writeDisk(dir+"/disk", make([]byte, bootCodeSize+1), 0, nil); err == nil {
		t.Error("boot code that covers the table was taken")
	}
	if err := writeDisk(dir+"/disk", nil, 0, make([]partition, 5)); err == nil {
		t.Error("five partitions were taken")
	}
}
