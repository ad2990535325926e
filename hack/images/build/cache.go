// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	keyLength = 24 // hex digits of a key in a file name
	// keptLayers is how many layers of one name stay in the cache: the last one and some to go back
	// to, as when one changes between two branches.
	keptLayers = 3
)

func (e *Env) layerPath(name, key string) string {
	return filepath.Join(e.CacheDir, "layers", name+"-"+key[:keyLength]+".tar")
}

// prune removes the layers of a name that have not been used for longest.
func (e *Env) prune(name string) error {
	paths, err := filepath.Glob(e.layerPath(name, strings.Repeat("?", keyLength)))
	if err != nil {
		return fmt.Errorf("prune cache: %w", err)
	}
	used := map[string]time.Time{}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			used[path] = info.ModTime()
		}
	}
	sort.Slice(paths, func(i, j int) bool { return used[paths[i]].After(used[paths[j]]) })
	for i, path := range paths {
		if i < keptLayers {
			continue
		}
		for _, file := range []string{path + ".json", path} {
			if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("prune cache: %w", err)
			}
		}
	}
	return nil
}

// workDir makes a directory for one build. It is in the cache because root file systems are large
// and /tmp is memory on many machines.
func (e *Env) workDir() (string, error) {
	if err := os.MkdirAll(e.CacheDir, 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(e.CacheDir, fmt.Sprintf("work-%d-", os.Getpid()))
}

// Sweep removes what runs that were killed left in the cache.
func (e *Env) Sweep() error {
	leftovers, err := filepath.Glob(filepath.Join(e.CacheDir, "work-*"))
	if err != nil {
		return fmt.Errorf("sweep cache: %w", err)
	}
	for _, path := range leftovers {
		parts := strings.Split(filepath.Base(path), "-")
		pid, err := strconv.Atoi(parts[1])
		if err != nil || unix.Kill(pid, 0) != unix.ESRCH || hasMounts(path) {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("sweep cache: %w", err)
		}
	}
	return sweepFiles(filepath.Join(e.CacheDir, "layers", ".layer-*"))
}

// unfinishedAge is the age at which a file that was to be renamed is taken for left over: no layer
// or archive takes that long to write.
const unfinishedAge = time.Hour

// sweepFiles removes old files that a killed run did not come to rename.
func sweepFiles(pattern string) error {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < unfinishedAge {
			continue
		}
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}

// hasMounts tells whether something is mounted below a directory, which must then not be removed:
// it could be the machine's own /dev. When that cannot be found out, it is taken for true.
func hasMounts(dir string) bool {
	raw, err := os.ReadFile("/proc/self/mountinfo")
	return err != nil || strings.Contains(string(raw), " "+dir+"/")
}
