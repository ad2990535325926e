// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package build makes the programs and images that the cluster runs, from Go modules and Debian packages.
package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// Tool is a set of programs that other projects publish as a Go module.
type Tool struct {
	Name    string
	Version string
	// packages are the commands to build, flags and env how.
	packages []string
	flags    []string
	env      []string
}

// Tools returns what the cluster is made of.
func Tools(s *settings.Settings) ([]Tool, error) {
	version := map[string]string{"kubernetes": s.KubernetesVersion}
	for _, name := range []string{"containerd", "runc", "etcd", "coredns"} {
		var err error
		if version[name], err = s.PinnedVersion(name); err != nil {
			return nil, err
		}
	}
	release := strings.SplitN(strings.TrimPrefix(s.KubernetesVersion, "v"), ".", 3)
	static := []string{"CGO_ENABLED=0"}
	return []Tool{
		{
			Name: "etcd", Version: version["etcd"], env: static,
			packages: []string{"go.etcd.io/etcd/server/v3"},
			flags:    []string{"-ldflags=-s -w"},
		},
		{
			Name: "runc", Version: version["runc"], env: []string{"CGO_ENABLED=1"},
			packages: []string{"github.com/opencontainers/runc"},
			flags:    []string{"-tags=seccomp", "-ldflags=-s -w -X main.version=" + strings.TrimPrefix(version["runc"], "v")},
		},
		{
			Name: "containerd", Version: version["containerd"], env: static,
			packages: []string{
				"github.com/containerd/containerd/v2/cmd/containerd", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
				"github.com/containerd/containerd/v2/cmd/ctr",
			},
			flags: []string{"-tags=no_btrfs no_devmapper no_zfs", "-ldflags=-s -w -X github.com/containerd/containerd/v2/version.Version=" + version["containerd"]},
		},
		{
			Name: "coredns", Version: version["coredns"], env: static,
			packages: []string{"."},
			flags:    []string{"-ldflags=-s -w"},
		},
		{
			Name: "kubernetes", Version: version["kubernetes"], env: static,
			packages: []string{
				"k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager", "k8s.io/kubernetes/cmd/kube-scheduler",
				"k8s.io/kubernetes/cmd/kubelet", "k8s.io/kubernetes/cmd/kube-proxy", "k8s.io/kubernetes/cmd/kubectl",
			},
			flags: []string{"-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=" + version["kubernetes"] +
				" -X k8s.io/component-base/version.gitMajor=" + release[0] + " -X k8s.io/component-base/version.gitMinor=" + release[1]},
		},
	}, nil
}

// Dir is where the tool's programs are.
func (t *Tool) Dir(s *settings.Settings) string { return s.ToolDir(t.Name, t.Version) }

// Built reports whether the tool is in the cache.
func (t *Tool) Built(s *settings.Settings) bool {
	_, err := os.Stat(t.Dir(s))
	return err == nil
}

// Build builds the tool into the cache. The directory appears only when it is complete.
func (t *Tool) Build(ctx context.Context, s *settings.Settings) error {
	module, err := t.module(ctx, s)
	if err != nil {
		return err
	}
	dir := t.Dir(s)
	next := dir + ".next"
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := os.MkdirAll(next, 0o755); err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-o", next + "/"}
	args = append(append(args, t.flags...), t.packages...)
	cmd := exec.Command("go", args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), append(t.env, "GOWORK=off")...)
	if _, err := progress.Run(ctx, cmd); err != nil {
		return err
	}
	// The etcd module calls its program "server", after its folder.
	if err := os.Rename(filepath.Join(next, "server"), filepath.Join(next, t.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(next, dir)
}

// module returns the directory of the Go module that pins the tool at the wanted version: ours, or a copy of it in
// the cache in which the version is another.
func (t *Tool) module(ctx context.Context, s *settings.Settings) (string, error) {
	ours := s.ModuleDir(t.Name)
	pinned, err := s.PinnedVersion(t.Name)
	if err != nil || pinned == t.Version {
		return ours, err
	}
	module := filepath.Join(s.CacheDir, "modules", t.Name+"-"+t.Version)
	if err := os.MkdirAll(module, 0o755); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(ours, "go.mod"))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte(reversion(string(text), pinned, t.Version)), 0o644); err != nil {
		return "", err
	}
	tools, err := os.ReadFile(filepath.Join(ours, "tools.go"))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(module, "tools.go"), tools, 0o644); err != nil {
		return "", err
	}
	tidy := exec.Command("go", "mod", "tidy")
	tidy.Dir = module
	tidy.Env = append(os.Environ(), "GOWORK=off")
	if _, err := progress.Run(ctx, tidy); err != nil {
		return "", fmt.Errorf("no such version? %w", err)
	}
	return module, nil
}

// reversion rewrites a go.mod of Kubernetes for another version: v1.X.Y of k8s.io/kubernetes goes with v0.X.Y of the
// modules that are published out of it. Other requirements are left for `go mod tidy` to work out.
func reversion(text, from, to string) string {
	module, rest, _ := strings.Cut(text, "require k8s.io/kubernetes ")
	var b strings.Builder
	b.WriteString(module)
	b.WriteString("require k8s.io/kubernetes " + to + "\n")
	staging := func(version string) string { return "v0" + strings.TrimPrefix(version, "v1") }
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(line, "replace ") {
			b.WriteString("\n" + strings.ReplaceAll(line, staging(from), staging(to)))
		}
	}
	return b.String()
}
