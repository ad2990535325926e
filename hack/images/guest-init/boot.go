// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	moduleDir   = "/usr/lib/modules"
	stateDir    = "/var/lib/cloud" // survives a restart of the guest
	runDir      = "/run/cloud"     // what later verbs need of the seed
	defaultHost = "guest"
)

// boot makes the system ready for a login: file systems, and what the cloud-init volume asks for.
// A mistake in the user data must not keep the guest from coming up, so it is only reported.
func boot() error {
	// The initramfs mounted the root, /dev, /proc and /sys.
	for _, m := range []struct{ fstype, dir, options string }{
		{"tmpfs", "/run", "mode=0755"}, {"tmpfs", "/tmp", "mode=1777"}, {"devpts", "/dev/pts", "gid=5,mode=0620,ptmxmode=0666"},
		{"tmpfs", "/dev/shm", "mode=1777"},
	} {
		if err := mount(m.fstype, m.dir, m.fstype, unix.MS_NOSUID, m.options); err != nil {
			return err
		}
	}
	linkPorts("/sys/class/virtio-ports", "/dev/virtio-ports")
	seed, err := findSeed()
	if err != nil {
		report(err)
	}
	data, err := parseUserData(seed.userData)
	if err != nil {
		report(err)
	}
	host := firstNonEmpty(data.Hostname, data.FQDN, seed.hostname, defaultHost)
	if err := setHostname(host); err != nil {
		report(err)
	}
	if err := os.MkdirAll(runDir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(runDir+"/network-config", seed.network, 0o600); err != nil {
		report(err)
	}
	runAll(data.Bootcmd)
	for _, err := range applyOnce(seed, data) {
		report(err)
	}
	return nil
}

// applyOnce does what is to be done once in the life of an instance, so that what a user changes in
// the running guest is not undone by a restart.
func applyOnce(seed seed, data userData) []error {
	last, err := os.ReadFile(stateDir + "/instance-id")
	if err == nil && string(last) == seed.instance {
		return nil
	}
	var errs []error
	if seed.present {
		errs = append(errs, systemFiles.accounts(data, seed.publicKeys)...)
	}
	errs = append(errs, writeFiles(data.WriteFiles)...)
	if err := os.MkdirAll(stateDir, 0o755); err != nil {
		return append(errs, err)
	}
	if err := os.WriteFile(runDir+"/runcmd", []byte(script(data)), 0o700); err != nil {
		errs = append(errs, err)
	}
	if err := os.WriteFile(stateDir+"/instance-id", []byte(seed.instance), 0o644); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// setHostname takes the first label of a name as the host's name and makes the name resolve.
func setHostname(name string) error {
	short, _, _ := strings.Cut(name, ".")
	if err := unix.Sethostname([]byte(short)); err != nil {
		return fmt.Errorf("set host name %q: %w", short, err)
	}
	hosts := "127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.1.1\t" + name
	if short != name {
		hosts += " " + short
	}
	if err := os.WriteFile("/etc/hosts", []byte(hosts+"\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile("/etc/hostname", []byte(short+"\n"), 0o644)
}

// linkPorts makes the links by which programs find virtio-serial ports, as udev would.
func linkPorts(ports, links string) {
	names, _ := filepath.Glob(ports + "/*/name")
	for _, path := range names {
		raw, err := os.ReadFile(path)
		name := strings.TrimSpace(string(raw))
		if err != nil || name == "" || strings.Contains(name, "/") {
			continue
		}
		if err := os.MkdirAll(links, 0o755); err != nil {
			report(err)
			return
		}
		if err := os.Symlink("../"+filepath.Base(filepath.Dir(path)), filepath.Join(links, name)); err != nil {
			report(err)
		}
	}
}

// drivers loads the drivers of all devices.
func drivers() error {
	giveWay()
	modules, err := readModules(moduleDir)
	if err != nil {
		return err
	}
	modules.coldplug("")
	// Power button presses reach user space through this one, which no device asks for.
	if err := modules.load("evdev"); err != nil {
		return err
	}
	time.Sleep(50 * time.Millisecond) // for the devices on the buses that have just come up
	modules.coldplug("scsi")
	return nil
}

// giveWay lowers the priority of this process and of those that it starts: they run while the login
// prompt comes up, often on the same processor.
func giveWay() {
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 10); err != nil {
		report(err)
	}
}

// report tells the user, on the console and in the kernel's log, of what could not be done.
func report(err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "guest-init:", err)
	if f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0); err == nil {
		fmt.Fprintf(f, "<4>guest-init: %v\n", err)
		f.Close()
	}
}

func mount(source, dir, fstype string, flags uintptr, options string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(source, dir, fstype, flags, options); err != nil {
		return fmt.Errorf("mount %s on %s: %w", source, dir, err)
	}
	return nil
}

func firstNonEmpty(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
