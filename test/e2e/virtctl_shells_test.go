// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// testSSHTerminal works in a shell by SSH, and copies a file.
func testSSHTerminal(n *suite.Namespace, key string) {
	c := n.Terminal("virtctl", append([]string{"ssh", "root@vm/demo"}, sshFlags(n, key)...)...)
	c.Expect(`# (?:\x1b\[6n)?$`, suite.Boot)
	c.Type("stty size; exit 7\r")
	c.Expect("50 200", suite.Quick)
	if code := c.Wait(suite.Quick); code != 7 {
		n.Errorf("virtctl ssh of a shell that ends with 7 ends with %d", code)
	}
	dir := n.TempDir()
	sent := filepath.Join(dir, "-sent: one")
	suite.Need(n, os.WriteFile(sent, []byte("copied"), 0o600), "write file")
	flags := sshFlags(n, key)
	n.Virtctl(append(append([]string{"scp"}, flags...), sent, "root@vmi/demo:/tmp/copied")...)
	o := n.Try("", "virtctl", append(append([]string{"ssh"}, flags...), "root@vmi/demo/"+n.ID, "--", "cat", "/tmp/copied")...)
	if o.Code != 0 || o.Stdout != "copied" {
		n.Errorf("the copy holds %q: exit code %d, %s", o.Stdout, o.Code, o.Stderr)
	}
}

// testVirsh looks at the guest from beside it, by a command and in a terminal.
func testVirsh(n *suite.Namespace) {
	if got := n.Virtctl("virsh", "demo", "--", "list", "--name"); strings.TrimSpace(got) == "" || strings.Count(strings.TrimSpace(got), "\n") > 0 {
		n.Errorf("virsh list --name prints %q", got)
	}
	o := n.Try("", "virtctl", "virsh", "vm/demo", "--", "dominfo", "nonsense")
	if o.Code != 1 || !strings.Contains(o.Stderr, "nonsense") {
		n.Errorf("of a domain that is not there: exit code %d, %q", o.Code, o.Stderr)
	}
	if o := n.Try("list\nquit\n", "virtctl", "virsh", "vmi/demo"); o.Code != 0 || !strings.Contains(o.Stdout, "running") {
		n.Errorf("commands from a pipe: exit code %d, %q, %q", o.Code, o.Stdout, o.Stderr)
	}
	c := n.Terminal("virtctl", "virsh", "demo")
	c.Expect("virsh # ", suite.Quick)
	c.Type("list\r")
	c.Expect("running", suite.Quick)
	c.Type("quit\r")
	if code := c.Wait(suite.Quick); code != 0 {
		n.Errorf("virtctl virsh ends with %d", code)
	}
}

// testCompletion asks what the shell would offer, by both names of the program.
func testCompletion(n *suite.Namespace) {
	for _, c := range []struct {
		program string
		args    []string
		want    string
	}{
		{"virtctl", []string{"start", "de"}, "demo\n"},
		{"virtctl", []string{"ssh", "root@vmi/"}, "root@vmi/demo\n"},
		{"kubectl-virt", []string{"vnc", "screenshot", "d"}, "demo\n"},
	} {
		// The flags of the cluster are part of the line that is completed.
		cmd := exec.CommandContext(suite.Context(n, suite.Quick), n.Program(c.program), append([]string{"__complete", "--namespace=" + n.ID}, c.args...)...)
		cmd.Env = append(os.Environ(), "KUBECONFIG="+n.Kubeconfig)
		if got, err := cmd.Output(); err != nil || !strings.HasPrefix(string(got), c.want) {
			n.Errorf("%s %s: offers %q, %v", c.program, strings.Join(c.args, " "), got, err)
		}
	}
	dir := n.TempDir()
	suite.Need(n, os.WriteFile(filepath.Join(dir, "kubectl_complete-virt"), []byte(n.Virtctl("completion", "kubectl")), 0o755), "write script")
	cmd := exec.CommandContext(suite.Context(n, suite.Quick), n.Program("kubectl"), "__complete", "virt", "--namespace="+n.ID, "stop", "de")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+n.Kubeconfig, "PATH="+dir+":"+filepath.Dir(n.Program("virtctl"))+":"+os.Getenv("PATH"))
	if got, err := cmd.Output(); err != nil || !strings.HasPrefix(string(got), "demo\n") {
		n.Errorf("kubectl virt stop: offers %q, %v", got, err)
	}
}

// testNotRunning tells of a guest that does not run.
func testNotRunning(n *suite.Namespace) {
	n.Create("halted", suite.RunStrategy(v1.RunStrategyHalted))
	for _, args := range []string{"vnc halted --proxy-only", "vnc screenshot halted -f -", "rdp halted --proxy-only", "virsh halted -- list"} {
		n.VirtctlRefused("it is not running (virtctl start halted)", strings.Fields(args)...)
	}
	n.VirtctlRefused("VMI is not started", "port-forward", "--stdio", "vm/halted", "22")
}
