// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package capcache gives libvirt the answers that it would otherwise get by starting QEMU before
// the first domain: it installs the capability cache that was made when the image was built.
//
// The image's file also lacks a flag that would make each start of an emulated guest slow; see
// artifacts/images/virt-launcher/README.md.
//
// libvirt accepts a cache file only if it names the change times (ctime) of the QEMU binary and of
// libvirt's own files. An image layer cannot carry change times, so they are written into the file
// here, before libvirtd starts.
package capcache

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// host names the files whose times libvirt 11.3 compares (virQEMUCapsIsValid).
type host struct {
	qemu    string   // the emulator as the domain names it; the cache file's name is made from it
	modules string   // directory of QEMU's loadable modules
	libvirt []string // the daemon by the path in its argv[0], and the driver modules that it loads
	kvm     string
}

var image = host{
	qemu:    "/usr/bin/qemu-system-x86_64",
	modules: "/usr/lib/x86_64-linux-gnu/qemu",
	libvirt: []string{"/usr/sbin/libvirtd", "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so"},
	kvm:     "/dev/kvm",
}

// Install writes the cache file that fits this machine from srcDir (tcg.xml, or kvm.xml where
// /dev/kvm can be opened) to where a session libvirtd with XDG_CACHE_HOME=cacheHome looks for it.
// Without a fitting file it does nothing: libvirtd then asks QEMU itself, which is right but slow.
//
// It must run before libvirtd starts, and libvirtd must be started by its absolute path, because
// it looks up its own change time by argv[0].
func Install(srcDir, cacheHome string) error { return image.install(srcDir, cacheHome) }

func (h host) install(srcDir, cacheHome string) error {
	variant := "tcg.xml"
	// libvirt decides by the same check, and refuses a file of the other kind.
	if unix.Access(h.kvm, unix.R_OK|unix.W_OK) == nil {
		variant = "kvm.xml"
	}
	document, err := os.ReadFile(filepath.Join(srcDir, variant))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read capability cache: %w", err)
	}
	if document, err = h.stamp(document); err != nil {
		return fmt.Errorf("stamp capability cache %s: %w", variant, err)
	}
	path := filepath.Join(cacheHome, h.file())
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write capability cache: %w", err)
	}
	if err := os.WriteFile(path, document, 0o600); err != nil {
		return fmt.Errorf("write capability cache: %w", err)
	}
	return nil
}

// file gives the cache file's path below XDG_CACHE_HOME.
func (h host) file() string {
	return fmt.Sprintf("libvirt/qemu/cache/capabilities/%x.xml", sha256.Sum256([]byte(h.qemu)))
}

// stamp puts the times of this machine's files into a cache file.
func (h host) stamp(document []byte) ([]byte, error) {
	qemu, err := changed(h.qemu)
	if err != nil {
		return nil, err
	}
	var self int64
	for _, path := range h.libvirt {
		time, err := changed(path)
		if err != nil {
			return nil, err
		}
		self = max(self, time)
	}
	var modules unix.Stat_t
	if err := unix.Stat(h.modules, &modules); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: h.modules, Err: err}
	}
	for _, field := range []struct {
		name  string
		value int64
	}{{"qemuctime", qemu}, {"selfctime", self}, {"qemumoddirmtime", modules.Mtim.Sec}} {
		if document, err = setElement(document, field.name, field.value); err != nil {
			return nil, err
		}
	}
	return document, nil
}

// changed gives a file's change time in seconds.
func changed(path string) (int64, error) {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return 0, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return stat.Ctim.Sec, nil
}

// setElement replaces the text of the first element with this name.
func setElement(document []byte, name string, value int64) ([]byte, error) {
	begin, end := []byte("<"+name+">"), []byte("</"+name+">")
	before, rest, found := bytes.Cut(document, begin)
	_, after, closed := bytes.Cut(rest, end)
	if !found || !closed {
		return nil, fmt.Errorf("no element %s", name)
	}
	return bytes.Join([][]byte{before, begin, strconv.AppendInt(nil, value, 10), end, after}, nil), nil
}
