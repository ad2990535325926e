// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/virtplane/virtplane/hack/cluster/build"
	"github.com/virtplane/virtplane/hack/cluster/preflight"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// InstallOptions say how to install.
type InstallOptions struct {
	// NoWait returns as soon as the objects are written.
	NoWait bool
}

// namespace is where virtplane is installed.
const namespace = "virtplane-system"

// Install applies artifacts/deploy as any user would, through an overlay that names the images by their content and,
// where guests cannot run on the processor itself, allows emulation.
func Install(ctx context.Context, s *settings.Settings, images []build.Image, o InstallOptions) error {
	base, err := Kubectl(ctx, s, nil, "kustomize", filepath.Join(s.RepoDir, "artifacts", "deploy"))
	if err != nil {
		return err
	}
	overlay, err := newOverlay(base, images, !preflight.UsableKVM())
	if err != nil {
		return fmt.Errorf("make overlay: %w", err)
	}
	dir := filepath.Join(s.StateDir(), "overlay")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := yaml.Marshal(overlay)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), text, 0o644); err != nil {
		return err
	}
	if _, err := Kubectl(ctx, s, nil, "apply", "--kustomize", dir); err != nil {
		return err
	}
	if o.NoWait {
		return nil
	}
	return waitInstalled(ctx, s)
}

// waitInstalled waits for the workloads in the order in which they need each other.
func waitInstalled(ctx context.Context, s *settings.Settings) error {
	for _, workload := range []string{"statefulset/virt-apiserver", "daemonset/virt-nodeplugin", "deployment/virt-controller"} {
		if _, err := Kubectl(ctx, s, nil, "--namespace="+namespace, "rollout", "status", workload, readyTimeout); err != nil {
			pods, _ := Kubectl(ctx, s, nil, "--namespace="+namespace, "get", "pods", "--output=wide")
			events, _ := Kubectl(ctx, s, nil, "--namespace="+namespace, "get", "events", "--sort-by=.lastTimestamp")
			return fmt.Errorf("%w\n%s\n%s", err, pods, lastLines(events, 15))
		}
	}
	for _, service := range []string{"v1.kubevirt.io", "v1.subresources.kubevirt.io"} {
		if _, err := Kubectl(ctx, s, nil, "wait", "--for=condition=Available", "apiservice/"+service, readyTimeout); err != nil {
			return err
		}
	}
	return nil
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
