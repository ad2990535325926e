// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sys/unix"
)

// seed is what a cloud-init volume says.
type seed struct {
	present    bool
	instance   string
	hostname   string
	publicKeys []string
	userData   []byte
	network    []byte
}

// findSeed reads the NoCloud or ConfigDrive volume, the zero seed if there is none. virtio disks are
// there already; drivers of other buses are loaded only when none of them has the volume.
func findSeed() (seed, error) {
	modules, err := readModules(moduleDir)
	if err != nil {
		return seed{}, err
	}
	find := func() string { return findLabel("cidata", "config-2") }
	device := find()
	if device == "" {
		modules.coldplug("")
		// A drive with a medium answers within this time even under emulation.
		for deadline := time.Now().Add(500 * time.Millisecond); device == "" && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			modules.coldplug("scsi")
			device = find()
		}
	}
	if device == "" {
		return seed{}, nil
	}
	const dir = "/run/seed"
	var errs []error
	for _, fstype := range []string{"isofs", "vfat"} {
		if err := modules.load(fstype); err != nil {
			errs = append(errs, err)
			continue
		}
		name := map[string]string{"isofs": "iso9660", "vfat": "vfat"}[fstype]
		if err := mount(device, dir, name, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			errs = append(errs, err)
			continue
		}
		defer unix.Unmount(dir, 0)
		return readSeed(dir)
	}
	return seed{}, fmt.Errorf("read cloud-init volume: %w", errors.Join(errs...))
}

// metaData is what both formats have, under the names of each.
type metaData struct {
	InstanceID    string `yaml:"instance-id"`
	LocalHostname string `yaml:"local-hostname"`
	UUID          string `yaml:"uuid"`
	Hostname      string `yaml:"hostname"`
	Keys          any    `yaml:"public-keys"`
	KeyMap        any    `yaml:"public_keys"`
}

// readSeed reads a mounted volume of either format.
func readSeed(dir string) (seed, error) {
	names := [3]string{"meta-data", "user-data", "network-config"}
	if _, err := os.Stat(filepath.Join(dir, "openstack")); err == nil {
		names = [3]string{"openstack/latest/meta_data.json", "openstack/latest/user_data", "openstack/latest/network_data.json"}
	}
	var parts [3][]byte
	for i, name := range names {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return seed{}, fmt.Errorf("read cloud-init volume: %w", err)
		}
		parts[i] = raw
	}
	s := seed{present: true, userData: parts[1], network: parts[2]}
	var meta metaData
	if err := yaml.Unmarshal(parts[0], &meta); err != nil {
		return s, fmt.Errorf("read meta-data: %w", err)
	}
	s.instance = firstNonEmpty(meta.InstanceID, meta.UUID)
	s.hostname = firstNonEmpty(meta.LocalHostname, meta.Hostname)
	s.publicKeys = append(keyList(meta.Keys), keyList(meta.KeyMap)...)
	return s, nil
}

// keyList takes SSH keys from the shapes they come in: a text, a list, or a map of texts or lists.
func keyList(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var keys []string
		for _, item := range value {
			keys = append(keys, keyList(item)...)
		}
		return keys
	case map[string]any:
		var names, keys []string
		for name := range value {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			keys = append(keys, keyList(value[name])...)
		}
		return keys
	}
	return nil
}
