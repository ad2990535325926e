// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"slices"
	"strings"
	"testing"

	"github.com/virtplane/virtplane/hack/images/archive"
)

func packages() *archive.Tree {
	tree := archive.NewTree()
	tree.Dir("usr/lib", 0o755, 0, 0)
	tree.Bytes("usr/lib/libx.so.1.2", 0o644, nil)
	tree.Symlink("usr/lib/libx.so.1", "libx.so.1.2")
	tree.Symlink("usr/lib/libx.so", "/usr/lib/libx.so.1")
	tree.Bytes("usr/share/a/one", 0o644, nil)
	tree.Bytes("usr/share/a/deep/two", 0o644, nil)
	tree.Bytes("usr/share/ab", 0o644, nil)
	tree.Symlink("usr/share/broken", "missing")
	tree.Symlink("usr/share/loop", "loop")
	return tree
}

func TestPick(t *testing.T) {
	for _, test := range []struct {
		pattern string
		want    []string
		err     string
	}{
		{"usr/share/ab", []string{"usr/share/ab"}, ""},
		{"usr/share/a*", []string{"usr/share/ab"}, ""},
		{"usr/share/a/", []string{"usr/share/a/deep/two", "usr/share/a/one"}, ""},
		{"usr/lib/libx.so", []string{"usr/lib/libx.so", "usr/lib/libx.so.1", "usr/lib/libx.so.1.2"}, ""},
		{"usr/lib/nothing*", nil, "no package has such a file"},
		{"usr/share/broken", nil, "usr/share/missing"},
		{"usr/share/loop", nil, "too many symbolic links"},
		{"usr/[", nil, "syntax error"},
	} {
		t.Run(test.pattern, func(t *testing.T) {
			tree := archive.NewTree()
			err := pick(tree, packages(), []string{test.pattern})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tree.Paths(); !slices.Equal(got, test.want) {
				t.Errorf("picked %q, want %q", got, test.want)
			}
		})
	}
}

func TestLoadBeforeComesInAnOrderThatLoads(t *testing.T) {
	modules := map[string]*module{
		"sd_mod":      {depends: []string{"scsi_mod", "t10_pi"}},
		"scsi_mod":    {depends: []string{"scsi_common"}},
		"t10_pi":      {depends: []string{"crc64", "scsi_common"}},
		"scsi_common": {}, "crc64": {},
	}
	order := loadBefore(modules, "sd_mod")
	slices.Reverse(order) // the file is read from its end
	loaded := map[string]bool{}
	for _, name := range order {
		for _, needed := range modules[name].depends {
			if !loaded[needed] {
				t.Errorf("%s comes before %s, which it needs: %q", name, needed, order)
			}
		}
		loaded[name] = true
	}
	if len(order) != 4 || loaded["sd_mod"] {
		t.Errorf("order %q, want each of the four dependencies once", order)
	}
}

// keyOf finds the key that was noted under a name.
func keyOf(seen map[string]string, what string) string {
	for value, name := range seen {
		if name == what {
			return value
		}
	}
	return ""
}

func TestKeyChangesWithEveryInput(t *testing.T) {
	dir := t.TempDir()
	sum := func(k *key) string {
		t.Helper()
		value, err := k.sum()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	writeFile(t, dir+"/a", "one")
	base := sum(newKey("recipe", 1).text("x", "y").dir(dir))
	if again := sum(newKey("recipe", 1).text("x", "y").dir(dir)); again != base {
		t.Error("the same input gave another key")
	}
	seen := map[string]string{base: "the first key"}
	check := func(what string, k *key) {
		t.Helper()
		value := sum(k)
		if other := seen[value]; other != "" {
			t.Errorf("%s gave the key of %s", what, other)
		}
		seen[value] = what
	}
	check("another version", newKey("recipe", 2).text("x", "y").dir(dir))
	check("texts joined", newKey("recipe", 1).text("xy").dir(dir))
	writeFile(t, dir+"/a", "two")
	check("another content", newKey("recipe", 1).text("x", "y").dir(dir))
	writeFile(t, dir+"/b", "")
	check("another file", newKey("recipe", 1).text("x", "y").dir(dir))
	writeFile(t, dir+"/README.md", "more")
	writeFile(t, dir+"/b_test.go", "more")
	if sum(newKey("recipe", 1).text("x", "y").dir(dir)) != keyOf(seen, "another file") {
		t.Error("a description or a test changed the key")
	}
	if _, err := newKey("recipe", 1).file(dir + "/missing").sum(); err == nil {
		t.Error("a missing file gave a key")
	}
}
