// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"flag"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

var kubeconfig = flag.String("kubeconfig", "", "File with an administrator's login to the cluster to test.")

// TestConformance holds a cluster to the rules. test/integration holds a control plane without nodes to them.
func TestConformance(t *testing.T) {
	if *kubeconfig == "" {
		t.Skip("no cluster to test: -kubeconfig names none; test/integration runs the same rules on a control plane of its own")
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		t.Fatalf("read %s: %v", *kubeconfig, err)
	}
	Run(t, config)
}
