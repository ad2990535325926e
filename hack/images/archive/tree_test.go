// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// entries reads a tar stream back.
func entries(t *testing.T, raw []byte) (headers []*tar.Header, contents map[string]string) {
	t.Helper()
	contents = map[string]string{}
	tr := tar.NewReader(bytes.NewReader(raw))
	for {
		header, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return headers, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, header)
		contents[header.Name] = string(content)
	}
}

func written(t *testing.T, tree *Tree) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := tree.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBytesDoNotDependOnOrderOrTime(t *testing.T) {
	source := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(source, []byte("code"), 0o700); err != nil {
		t.Fatal(err)
	}
	make := func(reverse bool, modified time.Time) []byte {
		if err := os.Chtimes(source, modified, modified); err != nil {
			t.Fatal(err)
		}
		tree := NewTree()
		steps := []func(){
			func() { tree.Bytes("/etc/passwd", 0o644, []byte("root")) },
			func() { tree.Symlink("bin", "usr/bin") },
			func() { tree.Dir("tmp", 0o1777, 0, 0) },
			func() {
				if err := tree.File("usr/bin/program", 0o755, source); err != nil {
					t.Fatal(err)
				}
			},
		}
		for i := range steps {
			if reverse {
				i = len(steps) - 1 - i
			}
			steps[i]()
		}
		return written(t, tree)
	}
	one, two := make(false, time.Unix(1e9, 0)), make(true, time.Unix(1.5e9, 0))
	if !bytes.Equal(one, two) {
		t.Error("the same files gave different bytes")
	}
	headers, contents := entries(t, one)
	var names []string
	for _, h := range headers {
		names = append(names, h.Name)
		if !h.ModTime.Equal(Epoch) {
			t.Errorf("%s has time %v", h.Name, h.ModTime)
		}
	}
	want := []string{"bin", "etc/", "etc/passwd", "tmp/", "usr/", "usr/bin/", "usr/bin/program"}
	if len(names) != len(want) {
		t.Fatalf("entries %q, want %q", names, want)
	}
	for i := range want {
		if names[i] != want[i] {
			t.Fatalf("entries %q, want %q", names, want)
		}
	}
	if contents["usr/bin/program"] != "code" || headers[3].Mode != 0o1777 || headers[0].Linkname != "usr/bin" {
		t.Errorf("wrong content: %q, mode %o, link %q", contents["usr/bin/program"], headers[3].Mode, headers[0].Linkname)
	}
}

func TestReadTarLeavesOutWhatGivesRights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rootfs.tar")
	var raw bytes.Buffer
	tw := tar.NewWriter(&raw)
	add := func(h tar.Header, content string) {
		h.Size = int64(len(content))
		if err := tw.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	add(tar.Header{Name: "./usr/bin/su", Typeflag: tar.TypeReg, Mode: 0o4755}, "setuid program")
	add(tar.Header{Name: "./usr/bin/ping", Typeflag: tar.TypeReg, Mode: 0o755, Format: tar.FormatPAX,
		PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "\x01"}}, "ping")
	add(tar.Header{Name: "./dev/sda", Typeflag: tar.TypeBlock, Mode: 0o660, Devmajor: 8}, "")
	add(tar.Header{Name: "./usr/bin/su2", Typeflag: tar.TypeLink, Linkname: "./usr/bin/su"}, "")
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	tree := NewTree()
	if err := tree.ReadTar(path); err != nil {
		t.Fatal(err)
	}
	headers, contents := entries(t, written(t, tree))
	for _, h := range headers {
		if h.Mode&0o6000 != 0 || len(h.PAXRecords) != 0 || h.Typeflag == tar.TypeBlock || h.Typeflag == tar.TypeLink {
			t.Errorf("%s: mode %o, records %v, type %c", h.Name, h.Mode, h.PAXRecords, h.Typeflag)
		}
	}
	if contents["usr/bin/su"] != "setuid program" || contents["usr/bin/su2"] != "setuid program" || contents["usr/bin/ping"] != "ping" {
		t.Errorf("contents %q", contents)
	}
}

func TestExtractGivesTheTree(t *testing.T) {
	tree := NewTree()
	tree.Bytes("a/b/file", 0o640, []byte("text"))
	tree.Symlink("a/link", "b/file")
	tree.Dir("tmp", 0o1777, 0, 0)
	dir := t.TempDir()
	if err := tree.Extract(dir); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "a/link")); err != nil || string(raw) != "text" {
		t.Errorf("read through the link: %q, %v", raw, err)
	}
	info, err := os.Stat(filepath.Join(dir, "a/b/file"))
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode of the file: %v, %v", info.Mode(), err)
	}
	info, err = os.Stat(filepath.Join(dir, "tmp"))
	if err != nil || info.Mode()&os.ModeSticky == 0 || info.Mode().Perm() != 0o777 {
		t.Errorf("mode of the directory: %v, %v", info.Mode(), err)
	}
}

func TestRemoveTakesWhatIsBelow(t *testing.T) {
	tree := NewTree()
	for _, name := range []string{"usr/share/doc/x", "usr/share/document"} {
		tree.Bytes(name, 0o644, nil)
	}
	tree.Dir("usr/share/doc", 0o755, 0, 0)
	tree.Remove("/usr/share/doc/")
	if got := tree.Paths(); len(got) != 1 || got[0] != "usr/share/document" {
		t.Errorf("left: %q", got)
	}
}
