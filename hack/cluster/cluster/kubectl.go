// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/kube"
	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

const (
	// apiTimeout is how long etcd and kube-apiserver may take to answer for the first time on a busy machine.
	apiTimeout = 3 * time.Minute
	// apiInterval is the pause between two questions to an API server that is starting.
	apiInterval = 200 * time.Millisecond
	// readyTimeout is how long nodes and workloads may take to become ready.
	readyTimeout = "--timeout=180s"
)

// Kubectl runs the cluster's kubectl as administrator.
func Kubectl(ctx context.Context, s *settings.Settings, stdin io.Reader, args ...string) (string, error) {
	kubeconfig := (&kube.Options{StateDir: s.StateDir()}).Kubeconfig()
	cmd := exec.Command(filepath.Join(s.ToolDir("kubernetes", s.KubernetesVersion), "kubectl"), append([]string{"--kubeconfig=" + kubeconfig}, args...)...)
	cmd.Stdin = stdin
	cmd.Dir = s.RepoDir
	return progress.Run(ctx, cmd)
}

// WaitAPI waits until kube-apiserver is ready, or the supervisor has died.
func WaitAPI(ctx context.Context, s *settings.Settings) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	for {
		_, err := Kubectl(ctx, s, nil, "get", "--raw=/readyz", "--request-timeout=5s")
		if err == nil {
			return nil
		}
		record, recordErr := host.ReadRecord()
		if recordErr != nil {
			return recordErr
		}
		if !record.Running() {
			text, _ := os.ReadFile(SupervisorLog(s))
			return fmt.Errorf("the supervisor has ended:\n%s", progress.Tail(string(text)))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("kube-apiserver is not ready; its log is %s: %w", filepath.Join(s.StateDir(), "control", "kube-apiserver.log"), err)
		case <-time.After(apiInterval):
		}
	}
}

// WaitNodes registers the nodes with their pod ranges and waits until all are ready.
func WaitNodes(ctx context.Context, s *settings.Settings) error {
	if _, err := Kubectl(ctx, s, nil, "apply", "--server-side", "--force-conflicts", "--filename", filepath.Join(s.StateDir(), "nodes.yaml")); err != nil {
		return err
	}
	if _, err := Kubectl(ctx, s, nil, "wait", "--for=condition=Ready", "node", "--all", readyTimeout); err != nil {
		return fmt.Errorf("%w\nthe nodes' logs are in %s", err, filepath.Join(s.StateDir(), "nodes"))
	}
	// Pods are refused in a namespace until the controller manager has made its service account.
	_, err := Kubectl(ctx, s, nil, "wait", "--for=create", "serviceaccount/default", readyTimeout)
	return err
}
