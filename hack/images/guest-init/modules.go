// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// modules knows the kernel's loadable modules: depmod's modules.dep and modules.alias.
type modules struct {
	dir     string
	depends map[string][]string // path below dir -> what must be loaded first, nearest last
	names   map[string]string   // name, with "_" for "-" -> path
	aliases [][2]string         // pattern of a device's modalias, name
	loaded  map[string]bool
}

// readModules reads the description of the running kernel's modules below a directory.
func readModules(base string) (*modules, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return nil, fmt.Errorf("get kernel release: %w", err)
	}
	m := &modules{dir: filepath.Join(base, unix.ByteSliceToString(uts.Release[:])),
		depends: map[string][]string{}, names: map[string]string{}, loaded: map[string]bool{}}
	raw, err := os.ReadFile(filepath.Join(m.dir, "modules.dep"))
	if err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		path, depends, _ := strings.Cut(line, ":")
		m.depends[path] = strings.Fields(depends)
		m.names[moduleName(path)] = path
	}
	raw, err = os.ReadFile(filepath.Join(m.dir, "modules.alias"))
	if err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(line); len(fields) == 3 {
			m.aliases = append(m.aliases, [2]string{fields[1], fields[2]})
		}
	}
	return m, nil
}

func moduleName(path string) string {
	return strings.ReplaceAll(strings.TrimSuffix(filepath.Base(path), ".ko"), "-", "_")
}

// load loads a module after those that it needs. One that is there already is no error.
func (m *modules) load(name string) error {
	path, ok := m.names[strings.ReplaceAll(name, "-", "_")]
	if !ok {
		return fmt.Errorf("load module %s: no such module", name)
	}
	depends := m.depends[path]
	for i := len(depends) - 1; i >= 0; i-- {
		if err := m.insert(depends[i]); err != nil {
			return err
		}
	}
	return m.insert(path)
}

func (m *modules) insert(path string) error {
	if m.loaded[path] {
		return nil
	}
	m.loaded[path] = true
	f, err := os.Open(filepath.Join(m.dir, path))
	if err != nil {
		return fmt.Errorf("load module: %w", err)
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load module %s: %w", path, err)
	}
	return nil
}

// coldplug loads the drivers of the devices on a bus, of all buses for "". A device without a
// driver among the modules is none of our business, and a driver that fails says so itself.
func (m *modules) coldplug(bus string) {
	if bus == "" {
		bus = "*"
	}
	devices, _ := filepath.Glob("/sys/bus/" + bus + "/devices/*/modalias")
	for _, device := range devices {
		raw, err := os.ReadFile(device)
		if err != nil {
			continue
		}
		for _, name := range m.matching(strings.TrimSpace(string(raw))) {
			if err := m.load(name); err != nil {
				fmt.Fprintln(os.Stderr, "guest-init:", err)
			}
		}
	}
}

// matching gives the modules for a device.
func (m *modules) matching(modalias string) []string {
	var names []string
	for _, alias := range m.aliases {
		if ok, err := filepath.Match(alias[0], modalias); ok && err == nil {
			names = append(names, alias[1])
		}
	}
	return names
}
