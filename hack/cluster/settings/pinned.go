// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// modules name what hack/modules/TOOL pins.
var modules = map[string]string{
	"kubernetes": "k8s.io/kubernetes",
	"containerd": "github.com/containerd/containerd/v2",
	"runc":       "github.com/opencontainers/runc",
	"etcd":       "go.etcd.io/etcd/server/v3",
	"coredns":    "github.com/coredns/coredns",
}

// PinnedVersion returns the version of a tool that its module in hack/modules requires.
func (s *Settings) PinnedVersion(tool string) (string, error) {
	path := filepath.Join(s.ModuleDir(tool), "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read version of %s: %w", tool, err)
	}
	pattern := regexp.MustCompile(`(?m)^(?:require)?\s*` + regexp.QuoteMeta(modules[tool]) + ` (v\S+)`)
	match := pattern.FindSubmatch(text)
	if match == nil {
		return "", fmt.Errorf("read version of %s: %s does not require %s", tool, path, modules[tool])
	}
	return string(match[1]), nil
}
