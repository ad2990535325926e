// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func testEnv(t *testing.T) *Env {
	t.Helper()
	e := &Env{BinDir: t.TempDir(), CacheDir: t.TempDir(), SourceDir: t.TempDir(), Log: t.Logf}
	if err := os.Mkdir(e.source("component"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, e.source("component", "passwd"), "root")
	writeFile(t, e.source("component", "group"), "root")
	return e
}

// list reads images.json by reference.
func list(t *testing.T, dir string) map[string]Record {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "images.json"))
	if err != nil {
		t.Fatal(err)
	}
	var records []Record
	if err := json.Unmarshal(raw, &records); err != nil {
		t.Fatal(err)
	}
	byRef := map[string]Record{}
	for _, record := range records {
		byRef[record.Ref] = record
	}
	return byRef
}

func buildAll(t *testing.T, e *Env, dir string, names ...string) {
	t.Helper()
	out, err := OpenOutput(dir, "virtplane.io", "dev")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := out.Build(e, component(name, "65532:65532")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyChangedImagesAreWritten(t *testing.T) {
	e, dir := testEnv(t), t.TempDir()
	writeFile(t, e.BinDir+"/one", "first")
	writeFile(t, e.BinDir+"/two", "second")
	buildAll(t, e, dir, "one", "two")
	before := list(t, dir)
	if len(before) != 2 {
		t.Fatalf("images.json: %v", before)
	}
	stat := func(name string) os.FileInfo {
		t.Helper()
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	one, two := stat("one.tar"), stat("two.tar")

	writeFile(t, e.BinDir+"/two", "changed")
	buildAll(t, e, dir, "one", "two")
	after := list(t, dir)
	if after["virtplane.io/one:dev"] != before["virtplane.io/one:dev"] || !os.SameFile(one, stat("one.tar")) {
		t.Error("an unchanged image was written again")
	}
	if after["virtplane.io/two:dev"].Digest == before["virtplane.io/two:dev"].Digest || os.SameFile(two, stat("two.tar")) {
		t.Error("a changed image was not written")
	}

	// Building some of the images keeps the others in the list, and a lost archive comes back.
	if err := os.Remove(filepath.Join(dir, "two.tar")); err != nil {
		t.Fatal(err)
	}
	buildAll(t, e, dir, "one")
	buildAll(t, e, dir, "two")
	if got := list(t, dir); len(got) != 2 || got["virtplane.io/two:dev"] != after["virtplane.io/two:dev"] {
		t.Errorf("images.json: %v", got)
	}
	stat("two.tar")
}

func TestAMissingBinaryIsNamed(t *testing.T) {
	e := testEnv(t)
	_, err := component("virt-controller", "65532:65532").Build(e)
	if err == nil || !strings.Contains(err.Error(), e.BinDir+"/virt-controller does not exist") || !strings.Contains(err.Error(), "--only") {
		t.Errorf("error %v", err)
	}
}

func TestSelectRefusesUnknownNames(t *testing.T) {
	if _, err := Select([]string{"pause", "nonsense"}); err == nil || !strings.Contains(err.Error(), `"nonsense"; there are pause, tools`) {
		t.Errorf("error %v", err)
	}
}

func TestImagesOnDemandAreBuiltOnlyByName(t *testing.T) {
	names := func(images []Image, err error) (names []string) {
		if err != nil {
			t.Fatal(err)
		}
		for _, image := range images {
			names = append(names, image.Name)
		}
		return names
	}
	if all := names(Select(nil)); !slices.Contains(all, "guest-tiny") || slices.Contains(all, "guest-debian") {
		t.Errorf("without names: %q", all)
	}
	if named := names(Select([]string{"guest-debian"})); !slices.Equal(named, []string{"guest-debian"}) {
		t.Errorf("guest-debian by its name: %q", named)
	}
}

func TestMissingToolsAreNamedWithTheirPackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := NeedTools("mmdebstrap", "unshare")
	if err == nil || !strings.Contains(err.Error(), "mmdebstrap (Debian package mmdebstrap), unshare (Debian package util-linux)") {
		t.Errorf("error %v", err)
	}
}
