// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// Demo creates the demo VM and waits until its guest runs.
func Demo(ctx context.Context, s *settings.Settings) error {
	if _, err := Kubectl(ctx, s, nil, "apply", "--filename", filepath.Join(s.RepoDir, "artifacts", "examples", "demo.yaml")); err != nil {
		return err
	}
	if _, err := Kubectl(ctx, s, nil, "wait", "--for=condition=Ready", "vm/demo", readyTimeout); err != nil {
		return fmt.Errorf("%w\n%s", err, explainDemo(ctx, s))
	}
	return nil
}

// explainDemo gathers what tells why the demo VM is not ready. What cannot be had is left out.
func explainDemo(ctx context.Context, s *settings.Settings) string {
	var b strings.Builder
	for _, question := range []string{
		"get vm,vmi,pods --output=wide",
		"describe vm/demo",
		"describe vmi/demo",
		"logs --selector=kubevirt.io=virt-launcher --tail=20",
		"--namespace=" + namespace + " logs daemonset/virt-nodeplugin --tail=20",
	} {
		if answer, err := Kubectl(ctx, s, nil, strings.Fields(question)...); err == nil {
			fmt.Fprintf(&b, "--- kubectl %s\n%s\n", question, lastLines(answer, 30))
		}
	}
	return b.String()
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
