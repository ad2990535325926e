// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTheManifestsAreAccepted holds that kube-apiserver takes the manifests as they are, of one replica and of three.
func TestTheManifestsAreAccepted(t *testing.T) {
	for dir, replicas := range map[string]string{"deploy": "replicas: 1", filepath.Join("overlays", "three-members"): "replicas: 3"} {
		manifests, err := cluster.kubectl("kustomize", filepath.Join("..", "..", "artifacts", dir))
		if err != nil {
			t.Fatalf("%s: %v: %s", dir, err, manifests)
		}
		var checked []string
		for doc := range strings.SplitSeq(manifests, "\n---\n") {
			// The Service of the tests leads to the loopback address.
			if !strings.Contains(doc, "kind: Service\n") || strings.Contains(doc, "clusterIP: None") {
				checked = append(checked, doc)
			}
		}
		all := strings.Join(checked, "\n---\n")
		if out, err := cluster.kubectlWithInput(all, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-"); err != nil {
			t.Errorf("%s: %v: %s", dir, err, out)
		}
		for _, want := range []string{replicas, "podManagementPolicy: Parallel", "serviceName: virt-apiserver-peers", "kind: PodDisruptionBudget"} {
			if !strings.Contains(all, want) {
				t.Errorf("%s has no %s", dir, want)
			}
		}
	}
}
