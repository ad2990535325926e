// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package footprint

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const smaps = `00400000-00500000 r-xp 00000000 fe:00 11 /usr/bin/virt-launcher
Rss:                1024 kB
Anonymous:             0 kB
00500000-00600000 r--p 00100000 fe:00 11 /usr/bin/virt-launcher
Anonymous:             4 kB
00600000-00700000 rw-p 00200000 fe:00 11 /usr/bin/virt-launcher
Anonymous:             0 kB
00700000-00800000 r--s 00000000 fe:00 12 /shared file
Anonymous:             0 kB
00800000-00900000 r--p 00000000 00:00 0
Anonymous:             0 kB
00900000-00a00000 r-xp 00000000 00:00 0 [vdso]
Anonymous:             0 kB
7f0000000000-7f0000001000 r--p 00000000 fe:00 13 /usr/lib/libc.so.6
Anonymous:             0 kB
`

func TestOnlyPagesThatCanBeReadAgainAreDropped(t *testing.T) {
	got, err := unmodified(strings.NewReader(smaps))
	want := []mapping{{0x400000, 0x500000}, {0x7f0000000000, 0x7f0000001000}}
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %x, %v", got, err)
	}
}

func TestTrimDropsTheProgramsPagesAndTheProgramRunsOn(t *testing.T) {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	const size = 1 << 20
	mem, err := unix.Mmap(int(self.Fd()), 0, size, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(mem) }()
	before := string(mem[:64])
	if n := mappedPages(t); n < size/4096 {
		t.Skipf("the kernel mapped %d pages ahead", n)
	}
	loaded := mappedPages(t)
	if err := Trim(); err != nil {
		t.Fatal(err)
	}
	if got := mappedPages(t); got > loaded-size/4096/2 {
		t.Errorf("%d pages of files mapped, %d before", got, loaded)
	}
	if string(mem[:64]) != before {
		t.Error("the content is not the same")
	}
}

// mappedPages counts the pages of files that are mapped.
func mappedPages(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "RssFile:"); ok {
			kib := 0
			for _, c := range strings.TrimSpace(rest) {
				if c < '0' || c > '9' {
					break
				}
				kib = 10*kib + int(c-'0')
			}
			return kib / 4
		}
	}
	t.Fatal("no RssFile")
	return 0
}
