// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// cached makes or finds a layer and tells whether it had to be made.
func cached(t *testing.T, e *Env, name, content string) (made bool) {
	t.Helper()
	sum, err := newKey("test", 1).text(content).sum()
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.cachedLayer(name, sum, func(work string) (*archive.Tree, error) {
		made = true
		tree := archive.NewTree()
		tree.Bytes("file", 0o644, []byte(content))
		return tree, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestCacheKeepsTheLayersThatAreUsed(t *testing.T) {
	e := testEnv(t)
	cached(t, e, "other-thing", "x")
	for i := range keptLayers + 2 {
		cached(t, e, "other", fmt.Sprint(i))
		// The first one is used each time; the clock of some file systems is coarse.
		past := time.Now().Add(time.Duration(i-100) * time.Second)
		paths, err := filepath.Glob(e.CacheDir + "/layers/other-*.tar")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) < time.Second {
				if err := os.Chtimes(path, past, past); err != nil {
					t.Fatal(err)
				}
			}
		}
		if i > 0 && cached(t, e, "other", "0") {
			t.Fatalf("the layer that was used last is gone after %d more", i)
		}
	}
	if !cached(t, e, "other", "1") {
		t.Error("a layer that nobody used stayed")
	}
	if cached(t, e, "other-thing", "x") {
		t.Error("a layer of another name is gone")
	}
}

func TestSweepRemovesOnlyWhatTheDeadLeft(t *testing.T) {
	e := testEnv(t)
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(e.CacheDir, fmt.Sprintf("work-%d-1", ended.Process.Pid))
	if err := os.MkdirAll(dead+"/root", 0o755); err != nil {
		t.Fatal(err)
	}
	mine, err := e.workDir()
	if err != nil {
		t.Fatal(err)
	}
	cached(t, e, "layer", "x")
	if err := e.Sweep(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(e.CacheDir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{"layers", filepath.Base(mine)}; !slices.Equal(names, want) {
		t.Errorf("left in the cache: %q, want %q", names, want)
	}
	if made := cached(t, e, "layer", "x"); made || strings.Contains(fmt.Sprint(names), filepath.Base(dead)) {
		t.Error("sweeping removed a layer or left the dead's directory")
	}
}
