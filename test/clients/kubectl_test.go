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
)

// buildOldKubectl returns a kubectl of the oldest release that virtplane works with.
func buildOldKubectl(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubectl")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=v1.32.13", "-o", path, ".")
	build.Dir, build.Env = "kubectl", append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if _, err := output(build); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOldKubectl goes through what people do with kubectl, with a release that knows nothing of this server's.
func TestOldKubectl(t *testing.T) {
	_, ns := connect(t)
	program := buildOldKubectl(t)
	demo := filepath.Join(t.TempDir(), "demo.yaml")
	manifest, err := os.ReadFile(filepath.Join(root, "artifacts", "examples", "demo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(demo, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(manifest))
	changed := strings.Replace(string(manifest), "    metadata:\n", "    metadata:\n      annotations:\n        note: changed\n", 1)
	cache := t.TempDir()
	for _, step := range []struct {
		args  string
		want  string
		fails bool
		// before changes the file first.
		before func()
	}{
		{args: "version", want: `Client Version: v1\.32`},
		{args: "api-resources --api-group=kubevirt.io", want: `virtualmachines +vm,vms +kubevirt\.io/v1 +true +VirtualMachine`},
		{args: "explain vm.spec.runStrategy", want: `(?s)KIND: +VirtualMachine.*FIELD: runStrategy <string>`},
		{args: "explain vmi.spec.domain.devices.disks --recursive", want: `(?s)FIELD: disks <\[\]Disk>.*bootOrder`},
		{args: "apply -f FILE", want: `virtualmachine\.kubevirt\.io/demo created`},
		{args: "apply -f FILE", want: `virtualmachine\.kubevirt\.io/demo unchanged`},
		{args: "diff -f FILE", want: `^$`},
		{args: "diff -f FILE", want: `\+ +note: changed`, fails: true, before: func() { write(changed) }},
		{args: "apply --server-side --force-conflicts -f FILE", want: `serverside-applied`},
		{args: "apply --server-side --dry-run=server -f FILE", want: `serverside-applied \(server dry run\)`},
		{args: "get vms", want: `(?m)^NAME +AGE +STATUS +READY\s+demo `},
		{args: "get vm demo -o wide", want: `demo`},
		{args: "get vm demo -o jsonpath={.spec.template.metadata.annotations.note}", want: `^changed$`},
		{args: "get all", want: `virtualmachine\.kubevirt\.io/demo`},
		{args: "get vms --field-selector=metadata.name=demo --no-headers", want: `^demo `},
		{args: "get vms --chunk-size=1 --show-managed-fields -o yaml", want: `managedFields`},
		{args: "label vm demo tier=web", want: `labeled`},
		{args: "annotate vm demo note=x", want: `annotated`},
		{args: `patch vm demo --type=merge -p {"spec":{"runStrategy":"Manual"}}`, want: `patched`},
		{args: `patch vm demo --type=json -p [{"op":"replace","path":"/spec/runStrategy","value":"Halted"}]`, want: `patched`},
		{args: `patch vm demo --subresource=status --type=merge -p {"status":{"printableStatus":"Stopped"}}`, want: `patched`},
		{args: "wait vm demo --for=jsonpath={.status.printableStatus}=Stopped --timeout=10s", want: `condition met`},
		{args: `patch vm demo --type=merge -p {"spec":{"runStrategy":"Sometimes"}}`, want: `spec\.runStrategy: Unsupported value`, fails: true},
		{args: `create -f FILE --dry-run=server`, want: `already exists`, fails: true},
		{args: "describe vm demo", want: `(?s)Name: +demo.*Kind: +VirtualMachine`},
		{args: "auth can-i update virtualmachines/start --subresource=start", want: `yes`},
		{args: "delete vm demo --wait=false", want: `deleted`},
	} {
		if step.before != nil {
			step.before()
		}
		args := strings.Fields(strings.ReplaceAll(step.args, "FILE", demo))
		cmd := exec.CommandContext(t.Context(), program, append([]string{"--kubeconfig=" + kubeconfig, "--namespace=" + ns, "--cache-dir=" + cache}, args...)...)
		out, err := cmd.CombinedOutput()
		if (err != nil) != step.fails || !regexp.MustCompile(step.want).Match(out) {
			t.Errorf("kubectl %s: %v, want a match of %s in\n%s", step.args, err, step.want, out)
		}
	}
}
