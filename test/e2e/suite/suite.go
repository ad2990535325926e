// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package suite is what the end-to-end tests stand on: the running cluster, namespaces that clean up after
// themselves, virtual machines, their consoles, and a look into the nodes. Its helpers fail the test themselves.
package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/virtplane/virtplane/client/clientset/versioned"
)

const (
	// SystemNamespace is where virtplane is installed.
	SystemNamespace = "virtplane-system"
	// ToolsImage is a busybox for plain pods.
	ToolsImage = "virtplane.io/tools:dev"
	// Quick is how long something may take that has nothing to wait for; generous, for machines that do more than this.
	Quick = 30 * time.Second
	// Boot is how long a guest may take to its login prompt under software emulation beside others.
	Boot = 120 * time.Second
)

// Suite is the cluster under test.
type Suite struct {
	// Root is the directory of the repository.
	Root string
	// State is the directory in which the cluster keeps its logs and process IDs.
	State string
	// Kubeconfig is the path of the administrator's kubeconfig.
	Kubeconfig string
	Config     *rest.Config
	Kube       kubernetes.Interface
	Virt       versioned.Interface
}

// Open finds the cluster: KUBECONFIG if set, else the one of this clone.
func Open() (*Suite, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	s := &Suite{Root: root, State: filepath.Join(root, ".cluster"), Kubeconfig: os.Getenv("KUBECONFIG")}
	if s.Kubeconfig == "" {
		s.Kubeconfig = filepath.Join(s.State, "kubeconfig")
	}
	if s.Config, err = clientcmd.BuildConfigFromFlags("", s.Kubeconfig); err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w; is the cluster up (make up NODES=2)?", err)
	}
	s.Config.QPS, s.Config.Burst = 200, 400
	if s.Kube, err = kubernetes.NewForConfig(s.Config); err != nil {
		return nil, err
	}
	if s.Virt, err = versioned.NewForConfig(s.Config); err != nil {
		return nil, err
	}
	return s, s.check()
}

// check tells early, and once, why no test can succeed.
func (s *Suite) check() error {
	for _, name := range []string{"kubectl", "virtctl"} {
		if _, err := os.Stat(s.Program(name)); err != nil {
			return fmt.Errorf("%w; build it with make up", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), Quick)
	defer cancel()
	if _, err := s.Virt.KubevirtV1().VirtualMachines("").List(ctx, metav1.ListOptions{}); err != nil {
		return fmt.Errorf("list virtual machines: %w; is virtplane installed?", err)
	}
	return nil
}

// Program is the path of one of the programs that this clone has built.
func (s *Suite) Program(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Root, "bin", name)
}

// Context ends with the test or after the time, whichever is first.
func Context(t testing.TB, timeout time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	return ctx
}

// Need ends the test when there is an error.
func Need(t testing.TB, err error, doing string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}
