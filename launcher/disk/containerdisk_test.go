// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestContainerDiskGetsAnOverlay(t *testing.T) {
	raw := make([]byte, 1000)
	for name, tc := range map[string]struct {
		files  map[string][]byte
		path   string
		file   string
		format Format
		size   uint64
	}{
		"the only file in /disk": {map[string][]byte{"disk/a.qcow2": qcow2(nil)}, "", "disk/a.qcow2", Qcow2, 1 << 30},
		"a raw disk, rounded up": {map[string][]byte{"disk/a.img": raw}, "", "disk/a.img", Raw, 1024},
		"the named file":         {map[string][]byte{"disk/a": raw, "disk/b": qcow2(nil)}, "/disk/b", "disk/b", Qcow2, 1 << 30},
		"a file elsewhere":       {map[string][]byte{"images/os": raw}, "images/os", "images/os", Raw, 1024},
		"version 2": {map[string][]byte{"disk/a": qcow2(func(h []byte) {
			h[7] = 2
			h[79] = 4 // not a feature bit in version 2
		})}, "", "disk/a", Qcow2, 1 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			p := preparer(t, tc.files)
			sources, err := p.Prepare(instance(containerDisk(tc.path)))
			if err != nil {
				t.Fatal(err)
			}
			got := sources["root"]
			base := filepath.Join(p.ContainerDisks, "root", tc.file)
			if got.Format != Qcow2 || !got.Ephemeral || got.Backing == nil || got.Backing.Path != base || got.Backing.Format != tc.format ||
				got.Size != int64(tc.size) {
				t.Fatalf("got %+v over %+v", got, got.Backing)
			}
			checkOverlay(t, got.Path, base, tc.format, tc.size)
		})
	}
}

// checkOverlay reads an overlay's header, and has qemu-img check the whole where it is installed.
func checkOverlay(t *testing.T, path, base string, format Format, size uint64) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	offset, length := binary.BigEndian.Uint64(raw[8:]), binary.BigEndian.Uint32(raw[16:])
	if got := string(raw[offset : offset+uint64(length)]); got != base {
		t.Errorf("backing file %q", got)
	}
	if got := binary.BigEndian.Uint64(raw[24:]); got != size {
		t.Errorf("size %d, want %d", got, size)
	}
	if got := binary.BigEndian.Uint32(raw[104:]); got != backingFormatExt {
		t.Errorf("first header extension %x", got)
	}
	if got := string(raw[112 : 112+len(format)]); got != string(format) {
		t.Errorf("backing format %q", got)
	}
	if len(raw)%clusterSize != 0 {
		t.Errorf("length %d is not in clusters", len(raw))
	}
	if tool, err := exec.LookPath("qemu-img"); err == nil && format == Raw {
		if out, err := exec.Command(tool, "check", path).CombinedOutput(); err != nil {
			t.Errorf("qemu-img check: %v\n%s", err, out)
		}
	}
}

func TestOverlayHasAnL1EntryForEach512MiB(t *testing.T) {
	for size, want := range map[int64]uint32{1: 1, 512 << 20: 1, 512<<20 + 1: 2, 64 << 40: 131072} {
		path := filepath.Join(t.TempDir(), "o")
		if err := createOverlay(path, &Source{Path: "/base", Format: Raw}, size); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := binary.BigEndian.Uint32(raw[36:]); got != want {
			t.Errorf("%d bytes: %d entries, want %d", size, got, want)
		}
		clusters := len(raw) / clusterSize
		if got := binary.BigEndian.Uint16(raw[2*clusterSize+2*(clusters-1):]); got != 1 {
			t.Errorf("%d bytes: the last of %d clusters is not counted as used", size, clusters)
		}
	}
}

func TestUnusableContainerDisksAreRefusedWithTheReason(t *testing.T) {
	disk := func(content []byte) map[string][]byte { return map[string][]byte{"disk/d": content} }
	for name, tc := range map[string]struct {
		files map[string][]byte
		path  string
		setup func(t *testing.T, root string)
		want  string
	}{
		"no /disk":       {nil, "", nil, "no /disk directory"},
		"an empty /disk": {nil, "", func(t *testing.T, root string) { must(t, os.Mkdir(root+"/disk", 0o755)) }, "/disk is empty"},
		"two files":      {map[string][]byte{"disk/a": {1}, "disk/b": {1}}, "", nil, "/disk holds 2 files"},
		"a missing path": {disk([]byte{1}), "/nothing", nil, "/nothing: no such file"},
		"the root":       {disk([]byte{1}), "/", nil, "is not a file"},
		"a directory":    {map[string][]byte{"disk/d/x": {1}}, "", nil, "is a directory"},
		"an empty file":  {disk(nil), "", nil, "is an empty file"},
		"a link": {nil, "", func(t *testing.T, root string) {
			must(t, os.Mkdir(root+"/disk", 0o755))
			must(t, os.Symlink("/etc/passwd", root+"/disk/d"))
		}, "symbolic link"},
		"a linked directory": {map[string][]byte{"real/d": {1}}, "", func(t *testing.T, root string) {
			must(t, os.Symlink("real", root+"/disk"))
		}, "symbolic link"},
		"a path out of the image": {disk([]byte{1}), "../../work", nil, "no such file"},
		"a pipe": {nil, "", func(t *testing.T, root string) {
			must(t, os.Mkdir(root+"/disk", 0o755))
			must(t, unix.Mkfifo(root+"/disk/d", 0o644))
		}, "not a regular file"},
		"a backing file": {disk(qcow2(func(h []byte) { h[15] = 1 })), "", nil, "with a backing file"},
		"a data file":    {disk(qcow2(func(h []byte) { h[79] = 4 })), "", nil, "external data file"},
		"encryption":     {disk(qcow2(func(h []byte) { h[35] = 2 })), "", nil, "encrypted"},
		"corruption":     {disk(qcow2(func(h []byte) { h[79] = 2 })), "", nil, "corrupt"},
		"no size":        {disk(qcow2(func(h []byte) { clear(h[24:32]) })), "", nil, "has no size"},
		"a huge size":    {disk(qcow2(func(h []byte) { h[24] = 1 })), "", nil, "at most"},
		"a cut header":   {disk(qcow2(nil)[:50]), "", nil, "cut short"},
		"a version":      {disk(qcow2(func(h []byte) { h[7] = 9 })), "", nil, "version 9"},
		"VMDK":           {disk([]byte("KDMV....")), "", nil, "VMDK"},
		"gzip":           {disk([]byte("\x1f\x8b....")), "", nil, "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			p := preparer(t, tc.files)
			if tc.setup != nil {
				tc.setup(t, p.ContainerDisks+"/root")
			}
			_, err := p.Prepare(instance(containerDisk(tc.path)))
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "volume root: image example.org/disk:1") {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
		})
	}
}
