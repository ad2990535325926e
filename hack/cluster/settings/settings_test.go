// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"strings"
	"testing"
)

func TestValidateNamesTheVariableThatIsWrong(t *testing.T) {
	tests := map[string]struct {
		settings Settings
		problems []string
	}{
		"fine":        {Settings{Nodes: 2, KubernetesVersion: "v1.37.2"}, nil},
		"pre-release": {Settings{Nodes: 1, KubernetesVersion: "v1.38.0-beta.0"}, nil},
		"both":        {Settings{Nodes: 0, KubernetesVersion: "1.37"}, []string{"NODES is 0", `KUBERNETES_VERSION is "1.37"`}},
		"many":        {Settings{Nodes: 10, KubernetesVersion: "v1.37.2"}, []string{"choose 1 to 9"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.settings.Validate()
			if (err == nil) != (len(test.problems) == 0) {
				t.Fatalf("got %v, want %q", err, test.problems)
			}
			for _, problem := range test.problems {
				if !strings.Contains(err.Error(), problem) {
					t.Errorf("got %v, want %q in it", err, problem)
				}
			}
		})
	}
}

func TestKeyTellsClustersApartButNotClones(t *testing.T) {
	one := &Settings{Nodes: 1, KubernetesVersion: "v1.37.2", RepoDir: "/a"}
	other := *one
	other.RepoDir = "/b"
	if one.Key() != other.Key() {
		t.Error("the place of the clone is part of the key")
	}
	other.Audit = true
	if one.Key() == other.Key() {
		t.Error("the audit log is not part of the key")
	}
}
