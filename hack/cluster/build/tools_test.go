// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/virtplane/virtplane/hack/cluster/settings"
)

func TestReversionMovesKubernetesAndItsStagingModules(t *testing.T) {
	got := reversion(`module example.org/m

go 1.26.0

require k8s.io/kubernetes v1.37.2

require (
	k8s.io/api v0.37.2 // indirect
	example.org/other v1.37.2 // indirect
)

replace k8s.io/api => k8s.io/api v0.37.2
`, "v1.37.2", "v1.36.5")
	for _, want := range []string{"go 1.26.0\n", "require k8s.io/kubernetes v1.36.5\n", "replace k8s.io/api => k8s.io/api v0.36.5\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "37.2") {
		t.Errorf("something of the old version is left:\n%s", got)
	}
}

func TestEveryToolIsPinned(t *testing.T) {
	repo, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	s := &settings.Settings{RepoDir: repo, CacheDir: t.TempDir(), Nodes: 1}
	if err := s.Complete(); err != nil {
		t.Fatal(err)
	}
	tools, err := Tools(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		if !strings.HasPrefix(tool.Version, "v") {
			t.Errorf("%s has no version", tool.Name)
		}
		if tool.Built(s) {
			t.Errorf("%s is reported as built in an empty cache", tool.Name)
		}
		if err := os.MkdirAll(tool.Dir(s), 0o755); err != nil {
			t.Fatal(err)
		}
		if !tool.Built(s) {
			t.Errorf("%s is not found in the cache", tool.Name)
		}
	}
}
