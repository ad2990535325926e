// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// Demo creates the demo VM and waits until its guest runs.
func Demo(ctx context.Context, s *settings.Settings) error {
	if _, err := Kubectl(ctx, s, nil, "apply", "--filename", filepath.Join(s.RepoDir, "artifacts", "examples", "demo.yaml")); err != nil {
		return err
	}
	if _, err := Kubectl(ctx, s, nil, "wait", "--for=condition=Ready", "vm/demo", readyTimeout); err != nil {
		state, _ := Kubectl(ctx, s, nil, "describe", "vm/demo", "vmi/demo")
		return fmt.Errorf("%w\n%s", err, lastLines(state, 40))
	}
	return nil
}

// NextSteps tells the user what to type.
func NextSteps(s *settings.Settings, demo bool) string {
	text := fmt.Sprintf(`
  export KUBECONFIG=%s PATH=%s:$PATH
`, filepath.Join(s.StateDir(), "kubeconfig"), s.BinDir())
	if demo {
		text += `  kubectl get vms,vmis
  virtctl console demo          # leave with Ctrl-]
`
	} else {
		text += `  kubectl get nodes
`
	}
	return text + `
  make status                   # what runs
  make down                     # remove all of it
`
}
