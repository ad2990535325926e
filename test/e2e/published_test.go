// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// published returns the virtctl that KubeVirt publishes, which is built the first time.
func published(t *testing.T) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), filepath.Join(cluster.Root, "test", "clients", "virtctl", "build.sh"))
	out, err := build.Output()
	suite.Need(t, err, "build the published virtctl")
	return strings.TrimSpace(string(out))
}

// TestPublishedVirtctl takes a guest through its life with the program that people already have.
func TestPublishedVirtctl(t *testing.T) {
	t.Parallel()
	program := published(t)
	n := cluster.NewNamespace(t)
	run := func(args ...string) {
		t.Helper()
		o := n.Try("", program, args...)
		if o.Code != 0 || strings.Contains(o.Stderr, "different from the KubeVirt version") {
			t.Fatalf("virtctl %s: exit code %d\n%s%s", strings.Join(args, " "), o.Code, o.Stdout, o.Stderr)
		}
	}
	run("version")
	n.Create("demo", suite.Grace(grace))
	first := n.AwaitRunning("demo")

	console := n.ConsoleOf(program, "demo")
	console.Expect("demo login: ", suite.Boot)
	console.Login()
	if got := console.Run("hostname"); got != "demo\n" {
		t.Errorf("in the guest: hostname prints %q", got)
	}
	if code, _ := console.Leave(); code != 0 {
		t.Errorf("Ctrl-] leaves with exit code %d", code)
	}

	run("pause", "vm", "demo")
	n.AwaitStatus("demo", v1.VirtualMachineStatusPaused)
	run("unpause", "vm", "demo")
	n.AwaitStatus("demo", v1.VirtualMachineStatusRunning)
	run("restart", "demo")
	n.AwaitNoInstance(first)
	second := n.AwaitOther(first)
	run("stop", "demo")
	n.AwaitNoInstance(second)
	run("start", "demo")
	n.AwaitOther(second)
}
