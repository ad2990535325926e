// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kvv1 "kubevirt.io/api/core/v1"
)

// program runs the published virtctl in a namespace.
type program struct {
	t         *testing.T
	namespace string
}

// run returns all that the program prints, with runs of blanks as one, and whether it succeeded.
func (p program) run(args ...string) (string, bool) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), virtctl, append([]string{"--kubeconfig=" + kubeconfig, "--namespace=" + p.namespace}, args...)...)
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	// It warns of a server of another version only when something else went wrong.
	if strings.Contains(text, "different from the KubeVirt version") {
		p.t.Errorf("virtctl %s complains about the version of the server:\n%s", strings.Join(args, " "), text)
	}
	return text, err == nil
}

// ok expects a command to succeed and to print what the pattern matches.
func (p program) ok(pattern string, args ...string) string {
	p.t.Helper()
	return p.expect(true, pattern, args)
}

// refused expects a command to fail with a message that the pattern matches.
func (p program) refused(pattern string, args ...string) {
	p.t.Helper()
	p.expect(false, pattern, args)
}

func (p program) expect(success bool, pattern string, args []string) string {
	p.t.Helper()
	out, ok := p.run(args...)
	if ok != success || !regexp.MustCompile(pattern).MatchString(out) {
		p.t.Errorf("virtctl %s: success %v, and it prints\n%s\nwant success %v and a match of %s", strings.Join(args, " "), ok, out, success, pattern)
	}
	return out
}

func TestPublishedVersion(t *testing.T) {
	_, ns := connect(t)
	program{t, ns}.ok(`(?s)Client Version: .*"v1\.9\.0".*Server Version: .*"v1\.9\.0\+virtplane-v`, "version")
}

func TestPublishedCreate(t *testing.T) {
	client, ns := connect(t)
	p := program{t, ns}
	manifest := p.ok(`kind: VirtualMachine`, "create", "vm", "--name=web", "--run-strategy=Manual", "--memory=128Mi",
		"--volume-containerdisk=src:example.com/guest:1", "--user=ann")
	kubectl(t, manifest, "-n", ns, "create", "-f", "-")
	vm, err := client.VirtualMachine(ns).Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if volumes := vm.Spec.Template.Spec.Volumes; len(volumes) != 2 || volumes[0].ContainerDisk == nil || volumes[1].CloudInitNoCloud == nil {
		t.Errorf("created with the volumes %+v", volumes)
	}
}

// kubectl runs the kubectl of the control plane with an input.
func kubectl(t *testing.T, input string, args ...string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(cache, "virtplane/tools/kubernetes-v1.37.2/kubectl"), append([]string{"--kubeconfig=" + kubeconfig}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func TestPublishedStartStopRestart(t *testing.T) {
	client, ns := connect(t)
	p := program{t, ns}
	machines := client.VirtualMachine(ns)
	vm, err := machines.Create(t.Context(), newVM("web", kvv1.RunStrategyHalted), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	strategy := func(want kvv1.VirtualMachineRunStrategy) {
		t.Helper()
		vm, err := machines.Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := vm.RunStrategy(); got != want {
			t.Errorf("the run strategy is %s, want %s", got, want)
		}
	}
	p.ok(`^Dry Run execution\nVM web was scheduled to start$`, "start", "web", "--dry-run")
	strategy(kvv1.RunStrategyHalted)
	p.refused(`Halted does not support manual restart requests`, "restart", "web")
	p.ok(`^VM web was scheduled to start$`, "start", "web")
	strategy(kvv1.RunStrategyAlways)
	p.refused(`Always does not support manual start requests`, "start", "web")
	newInstance(t, client, vm, kvv1.Running)
	p.refused(`VM is already running`, "start", "web")
	p.ok(`^VM web was scheduled to restart$`, "restart", "web")
	if vm, err = machines.Get(t.Context(), "web", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if requests := vm.Status.StateChangeRequests; len(requests) != 2 || requests[0].Action != kvv1.StopRequest || requests[1].Action != kvv1.StartRequest {
		t.Errorf("after the restart the requests are %+v", requests)
	}
	p.ok(`^VM web was scheduled to stop$`, "stop", "web")
	strategy(kvv1.RunStrategyHalted)
	p.refused(`^Error starting VirtualMachine virtualmachine.kubevirt.io "nothing" not found$`, "start", "nothing")
}

func TestPublishedPauseReachesTheNode(t *testing.T) {
	client, ns := connect(t)
	p := program{t, ns}
	vm, err := client.VirtualMachine(ns).Create(t.Context(), newVM("web", kvv1.RunStrategyAlways), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.refused(`not found`, "pause", "vm", "web")
	newInstance(t, client, vm, kvv1.Running)
	// There is no node here; the tests of a cluster go on from this point.
	p.refused(`Error pausing VirtualMachineInstance web`, "pause", "vm", "web")
	p.refused(`VMI is not paused`, "unpause", "vmi", "web")
}

func TestPublishedExpand(t *testing.T) {
	client, ns := connect(t)
	p := program{t, ns}
	if _, err := client.VirtualMachine(ns).Create(t.Context(), newVM("web", kvv1.RunStrategyHalted), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	p.ok(`(?s)kind: VirtualMachine.*image: example.com/guest:1`, "expand", "--vm=web")
	file := filepath.Join(t.TempDir(), "vm.yaml")
	manifest := p.ok(`kind: VirtualMachine`, "create", "vm", "--name=other", "--volume-containerdisk=src:example.com/guest:2")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	p.ok(`(?s)name: other.*image: example.com/guest:2`, "expand", "--file="+file)
	p.refused(`"nothing" not found`, "expand", "--vm=nothing")
}

func TestPublishedSettings(t *testing.T) {
	client, _ := connect(t)
	p := program{t, systemNamespace}
	settings := client.KubeVirt(systemNamespace)
	// virt-controller, which makes the object, does not run here.
	if _, err := settings.Create(t.Context(), &kvv1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Name: "kubevirt"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	p.ok(``, "adm", "log-verbosity", "--virt-api=5", "--virt-handler=3")
	p.ok(`(?m)^virt-api ?= ?5$`, "adm", "log-verbosity", "--virt-api")
	kv, err := settings.Get(t.Context(), "kubevirt", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if d := kv.Spec.Configuration.DeveloperConfiguration; d == nil || d.LogVerbosity == nil || d.LogVerbosity.VirtAPI != 5 || d.LogVerbosity.VirtHandler != 3 {
		t.Errorf("the settings are %+v", kv.Spec.Configuration)
	}
	p.ok(``, "adm", "log-verbosity", "--reset")
	p.ok(`(?m)^virt-api ?= ?2$`, "adm", "log-verbosity", "--virt-api")
	p.ok(`(?i)permitted`, "permitted-devices")
}
