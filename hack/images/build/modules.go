// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// kernelModules takes kernel modules out of Debian's package.
type kernelModules struct {
	debian  *archive.Tree
	busybox string            // path of a busybox that can run here
	release string            // the kernel's release
	files   map[string]string // module name -> path in the package
}

// module is one unpacked module with what its own description says.
type module struct {
	path    string // below the release's directory
	content []byte
	depends []string
	aliases []string
}

// findModules indexes the modules of the one kernel among the packages.
func findModules(debian *archive.Tree, busybox string) (*kernelModules, error) {
	k := &kernelModules{debian: debian, busybox: busybox, files: map[string]string{}}
	for _, name := range debian.Paths() {
		rest, ok := strings.CutPrefix(name, "usr/lib/modules/")
		if !ok {
			continue
		}
		release, _, _ := strings.Cut(rest, "/")
		if k.release != "" && release != k.release {
			return nil, fmt.Errorf("find kernel modules: two kernels, %s and %s", k.release, release)
		}
		k.release = release
		if base, ok := strings.CutSuffix(path.Base(name), ".ko.xz"); ok {
			k.files[moduleName(base)] = name
		}
	}
	if k.release == "" {
		return nil, fmt.Errorf("find kernel modules: no package has a kernel")
	}
	return k, nil
}

// moduleName is how the kernel calls a module: with "_" for "-".
func moduleName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// load unpacks modules and all that they depend on. They stay unpacked in the guest: that is done
// faster here than under emulation.
func (k *kernelModules) load(names []string) (map[string]*module, error) {
	loaded := map[string]*module{}
	var todo []string
	for _, name := range names {
		todo = append(todo, moduleName(name))
	}
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if loaded[name] != nil {
			continue
		}
		m, err := k.unpack(name)
		if err != nil {
			return nil, err
		}
		loaded[name] = m
		todo = append(todo, m.depends...)
	}
	return loaded, nil
}

// addInOrder puts modules into a tree, and a list of their paths in an order in which they load.
func (k *kernelModules) addInOrder(to *archive.Tree, list string, names []string) error {
	loaded, err := k.load(names)
	if err != nil {
		return err
	}
	var paths []string
	for _, name := range names {
		order := append([]string{moduleName(name)}, loadBefore(loaded, moduleName(name))...)
		slices.Reverse(order)
		for _, name := range order {
			file := path.Join(path.Dir(list), path.Base(loaded[name].path))
			if !slices.Contains(paths, "/"+file) {
				paths = append(paths, "/"+file)
				to.Bytes(file, 0o644, loaded[name].content)
			}
		}
	}
	to.Bytes(list, 0o644, []byte(strings.Join(paths, "\n")+"\n"))
	return nil
}

// add puts modules and the index files that depmod would write into a tree.
func (k *kernelModules) add(to *archive.Tree, names []string) error {
	loaded, err := k.load(names)
	if err != nil {
		return err
	}
	var dep, alias strings.Builder
	dir := "usr/lib/modules/" + k.release
	for _, name := range sortedKeys(loaded) {
		m := loaded[name]
		to.Bytes(dir+"/"+m.path, 0o644, m.content)
		fmt.Fprintf(&dep, "%s:", m.path)
		for _, needed := range loadBefore(loaded, name) {
			fmt.Fprintf(&dep, " %s", loaded[needed].path)
		}
		dep.WriteByte('\n')
		for _, pattern := range m.aliases {
			fmt.Fprintf(&alias, "alias %s %s\n", pattern, name)
		}
	}
	to.Bytes(dir+"/modules.dep", 0o644, []byte(dep.String()))
	to.Bytes(dir+"/modules.alias", 0o644, []byte(alias.String()))
	return nil
}

// loadBefore lists what a module needs, in depmod's order: to be loaded from the last to the first.
func loadBefore(modules map[string]*module, name string) []string {
	var order []string
	var visit func(string)
	visit = func(current string) {
		for _, needed := range modules[current].depends {
			if !slices.Contains(order, needed) {
				visit(needed)
				order = append(order, needed)
			}
		}
	}
	visit(name)
	slices.Reverse(order)
	return order
}

func (k *kernelModules) unpack(name string) (*module, error) {
	file, ok := k.files[name]
	if !ok {
		return nil, fmt.Errorf("add kernel module %s: the kernel package has no such module", name)
	}
	packed, err := k.debian.Get(file).Open()
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	cmd := exec.Command(k.busybox, "unxz", "-c")
	cmd.Stdin = packed
	content, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("unpack kernel module %s: %w", name, err)
	}
	relative := strings.TrimPrefix(strings.TrimSuffix(file, ".xz"), "usr/lib/modules/"+k.release+"/")
	return readModule(relative, content)
}

// readModule reads a module's description, the texts NAME=VALUE in its section .modinfo.
func readModule(relative string, content []byte) (*module, error) {
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("read kernel module %s: %w", relative, err)
	}
	section := file.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("read kernel module %s: no .modinfo", relative)
	}
	info, err := io.ReadAll(section.Open())
	if err != nil {
		return nil, fmt.Errorf("read kernel module %s: %w", relative, err)
	}
	m := &module{path: relative, content: content}
	for _, text := range strings.Split(string(info), "\x00") {
		key, value, _ := strings.Cut(text, "=")
		switch key {
		case "depends":
			for _, needed := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' }) {
				m.depends = append(m.depends, moduleName(needed))
			}
		case "alias":
			m.aliases = append(m.aliases, value)
		}
	}
	return m, nil
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
