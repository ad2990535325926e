// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package settings holds what a user can choose about the local cluster, and where its files are.
package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/pflag"

	"github.com/virtplane/virtplane/hack/cluster/network"
)

// Settings are the choices for one cluster.
type Settings struct {
	// Nodes is the number of nodes.
	Nodes int `json:"nodes"`
	// KubernetesVersion, as a Git tag of kubernetes/kubernetes.
	KubernetesVersion string `json:"kubernetesVersion"`
	// Audit makes kube-apiserver log one line per request to audit.log of the state directory.
	Audit bool `json:"audit"`
	// RepoDir is the clone, CacheDir keeps what is built once for all clones.
	RepoDir  string `json:"-"`
	CacheDir string `json:"-"`
}

// AddFlags adds the choices of Settings.
func (s *Settings) AddFlags(flags *pflag.FlagSet) {
	flags.IntVar(&s.Nodes, "nodes", 1, fmt.Sprintf("number of nodes, 1 to %d", network.MaxNodes))
	flags.StringVar(&s.KubernetesVersion, "kubernetes-version", "", "Kubernetes version, for example v1.37.2 (default: that of hack/modules/kubernetes)")
	flags.BoolVar(&s.Audit, "audit", false, "log every API request to .cluster/audit.log")
}

// AddPathFlags adds the places of files.
func (s *Settings) AddPathFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.RepoDir, "repo", "", "the clone (default: found above the working directory)")
	flags.StringVar(&s.CacheDir, "cache", "", "directory for what is built once (default ~/.cache/virtplane)")
}

// Complete fills in defaults.
func (s *Settings) Complete() error {
	if s.RepoDir == "" {
		dir, err := findRepo()
		if err != nil {
			return err
		}
		s.RepoDir = dir
	}
	if s.CacheDir == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("find cache directory: %w; give one with --cache", err)
		}
		s.CacheDir = filepath.Join(dir, "virtplane")
	}
	if s.KubernetesVersion == "" {
		version, err := s.PinnedVersion("kubernetes")
		if err != nil {
			return err
		}
		s.KubernetesVersion = version
	}
	return nil
}

var versionPattern = regexp.MustCompile(`^v1\.[0-9]+\.[0-9]+([-+.][0-9A-Za-z.-]+)?$`)

// Validate returns everything that is wrong.
func (s *Settings) Validate() error {
	var problems []error
	if s.Nodes < 1 || s.Nodes > network.MaxNodes {
		problems = append(problems, fmt.Errorf("NODES is %d; choose 1 to %d", s.Nodes, network.MaxNodes))
	}
	if !versionPattern.MatchString(s.KubernetesVersion) {
		problems = append(problems, fmt.Errorf("KUBERNETES_VERSION is %q; it looks like v1.37.2", s.KubernetesVersion))
	}
	return errors.Join(problems...)
}

// Key tells apart clusters that cannot be turned into each other while they run.
func (s *Settings) Key() string {
	key, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(key)
}

// StateDir holds everything about the running cluster.
func (s *Settings) StateDir() string { return filepath.Join(s.RepoDir, ".cluster") }

// BinDir receives our own programs.
func (s *Settings) BinDir() string { return filepath.Join(s.RepoDir, "bin") }

// ImageDir is the cache of the image builder.
func (s *Settings) ImageDir() string { return filepath.Join(s.CacheDir, "images") }

// ModuleDir is the Go module that pins a tool of the cluster.
func (s *Settings) ModuleDir(tool string) string {
	return filepath.Join(s.RepoDir, "hack", "modules", tool)
}

// ToolDir is where the programs of a tool are kept, by version.
func (s *Settings) ToolDir(tool, version string) string {
	return filepath.Join(s.CacheDir, "tools", tool+"-"+version)
}

func findRepo() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "hack", "cluster", "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no clone of virtplane here or above; run in one, or give --repo")
		}
		dir = filepath.Dir(dir)
	}
}
