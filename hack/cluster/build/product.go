// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// launcher is the one program that needs C: it opens libvirt's library when it starts, so no headers are needed.
const launcher = "virt-launcher"

// Product builds the named programs of cmd/, or all, into bin/, and virtctl once more as kubectl-virt, so that
// `kubectl virt` works.
func Product(ctx context.Context, s *settings.Settings, names ...string) error {
	if len(names) == 0 {
		entries, err := os.ReadDir(filepath.Join(s.RepoDir, "cmd"))
		if err != nil {
			return fmt.Errorf("list programs: %w", err)
		}
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
	}
	var static []string
	withC := false
	for _, name := range names {
		if name == launcher {
			withC = true
		} else {
			static = append(static, "./cmd/"+name)
		}
	}
	if len(static) > 0 {
		if err := goBuild(ctx, s, "CGO_ENABLED=0", static...); err != nil {
			return err
		}
	}
	if withC {
		if err := goBuild(ctx, s, "CGO_ENABLED=1", "-tags=libvirt_dlopen", "./cmd/"+launcher); err != nil {
			return err
		}
	}
	return replaceLink("virtctl", filepath.Join(s.BinDir(), "kubectl-virt"))
}

// LinkKubectl puts the kubectl of the cluster's version into bin/.
func LinkKubectl(s *settings.Settings) error {
	if err := os.MkdirAll(s.BinDir(), 0o755); err != nil {
		return err
	}
	return replaceLink(filepath.Join(s.ToolDir("kubernetes", s.KubernetesVersion), "kubectl"), filepath.Join(s.BinDir(), "kubectl"))
}

func goBuild(ctx context.Context, s *settings.Settings, env string, args ...string) error {
	linker := "-ldflags=-s -w"
	// An archive of the sources has no history; its programs call themselves v0.0.0-dev.
	if v, err := versionOf(ctx, s.RepoDir); err == nil {
		linker += " " + v.flags()
	}
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-buildvcs=false", linker, "-o", s.BinDir() + "/"}, args...)...)
	cmd.Dir = s.RepoDir
	cmd.Env = append(os.Environ(), env, "GOWORK=off")
	_, err := progress.Run(ctx, cmd)
	return err
}

// replaceLink makes path a symbolic link to target, whatever it was before.
func replaceLink(target, path string) error {
	if current, err := os.Readlink(path); err == nil && current == target {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, path)
}
