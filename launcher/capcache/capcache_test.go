// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package capcache

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const template = `<qemuCaps>
  <emulator>/usr/bin/qemu-system-x86_64</emulator>
  <qemuctime>0</qemuctime>
  <qemumoddirmtime>0</qemumoddirmtime>
  <selfctime>0</selfctime>
  <selfvers>11003000</selfvers>
  <flag name='kvm'/>
</qemuCaps>
`

// testHost makes the files of a host in a directory. The last libvirt file is changed a second
// after the others, as may happen while a layer is unpacked.
func testHost(t *testing.T) host {
	t.Helper()
	dir := t.TempDir()
	h := host{qemu: dir + "/qemu", modules: dir + "/modules", libvirt: []string{dir + "/driver", dir + "/libvirtd"}, kvm: dir + "/kvm"}
	for _, path := range []string{h.qemu, h.libvirt[0], h.libvirt[1]} {
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(h.modules, 0o755); err != nil {
		t.Fatal(err)
	}
	// A time of modification that is not the time of change.
	if err := os.Chtimes(h.modules, time.Unix(1000, 0), time.Unix(1000, 0)); err != nil {
		t.Fatal(err)
	}
	return h
}

func ctime(t *testing.T, path string) int64 {
	t.Helper()
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		t.Fatal(err)
	}
	return stat.Ctim.Sec
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// installed gives the one file in the cache, "" for none.
func installed(t *testing.T, cacheHome string) (name, content string) {
	t.Helper()
	err := filepath.WalkDir(cacheHome, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if name != "" {
			t.Errorf("a second file in the cache: %s", path)
		}
		raw, err := os.ReadFile(path)
		name, content = strings.TrimPrefix(path, cacheHome), string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return name, content
}

func TestInstallWritesTheTimesThatLibvirtCompares(t *testing.T) {
	h := testHost(t)
	// libvirt takes the newest of its own files: make one of them newer than the rest.
	for old := ctime(t, h.libvirt[1]); ctime(t, h.libvirt[1]) == old; {
		if err := os.Chmod(h.libvirt[1], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	src, cache := t.TempDir(), t.TempDir()
	write(t, src+"/tcg.xml", template)
	if err := h.install(src, cache); err != nil {
		t.Fatal(err)
	}
	_, got := installed(t, cache)
	want := strings.NewReplacer(
		"<qemuctime>0<", fmt.Sprintf("<qemuctime>%d<", ctime(t, h.qemu)),
		"<selfctime>0<", fmt.Sprintf("<selfctime>%d<", ctime(t, h.libvirt[1])),
		"<qemumoddirmtime>0<", "<qemumoddirmtime>1000<").Replace(template)
	if got != want {
		t.Errorf("installed\n%s\nwant\n%s", got, want)
	}
	if ctime(t, h.libvirt[1]) == ctime(t, h.libvirt[0]) {
		t.Error("the test did not tell the two libvirt files apart")
	}
}

func TestCacheFileIsNamedByTheEmulatorsHash(t *testing.T) {
	// The name that libvirt 11.3 gave the file when it wrote it itself.
	const want = "libvirt/qemu/cache/capabilities/926803a9278e445ec919c2b6cbd8c1c449c75b26dcb1686b774314180376c725.xml"
	if got := image.file(); got != want {
		t.Errorf("cache file %s, want %s", got, want)
	}
}

func TestInstallTakesTheVariantThatLibvirtWouldAccept(t *testing.T) {
	for _, test := range []struct {
		name string
		kvm  bool
		src  map[string]string
		want string // a flag in the installed file, "" for no file
	}{
		{"no KVM", false, map[string]string{"tcg.xml": "tcg", "kvm.xml": "kvm"}, "tcg"},
		{"KVM", true, map[string]string{"tcg.xml": "tcg", "kvm.xml": "kvm"}, "kvm"},
		{"KVM, image without its cache", true, map[string]string{"tcg.xml": "tcg"}, ""},
		{"empty image", false, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := testHost(t)
			if test.kvm {
				write(t, h.kvm, "")
			}
			src, cache := t.TempDir(), t.TempDir()
			for name, flag := range test.src {
				write(t, filepath.Join(src, name), strings.Replace(template, "'kvm'", "'"+flag+"'", 1))
			}
			if err := h.install(src, cache); err != nil {
				t.Fatal(err)
			}
			name, content := installed(t, cache)
			if test.want == "" {
				if name != "" {
					t.Errorf("installed %s, want nothing", name)
				}
				return
			}
			if !strings.Contains(content, "<flag name='"+test.want+"'/>") {
				t.Errorf("installed %q, want the variant %s", content, test.want)
			}
		})
	}
}

func TestInstallRefusesWhatItCannotStamp(t *testing.T) {
	h := testHost(t)
	src := t.TempDir()
	write(t, src+"/tcg.xml", "<qemuCaps><qemuctime>0</qemuctime></qemuCaps>")
	if err := h.install(src, t.TempDir()); err == nil || !strings.Contains(err.Error(), "selfctime") {
		t.Errorf("a file without selfctime gave %v", err)
	}
	write(t, src+"/tcg.xml", template)
	h.libvirt = append(h.libvirt, h.qemu+"-missing")
	if err := h.install(src, t.TempDir()); err == nil || !strings.Contains(err.Error(), "qemu-missing") {
		t.Errorf("a missing file of libvirt gave %v", err)
	}
}
