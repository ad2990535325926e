// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

const (
	// debianName is the name of the machine of the example, and of its user.
	debianName = "debian"
	// debianBoot is how long Debian may take to its agent, beside other guests.
	debianBoot = 4 * time.Minute
)

// TestDebian takes an ordinary Linux system, with systemd and cloud-init, by its agent, by SSH and by its desktop.
func TestDebian(t *testing.T) {
	t.Parallel()
	needImage(t, "guest-debian")
	n := cluster.NewNamespace(t)
	key := newKey(t)
	began := time.Now()
	createDebian(n, key)
	n.AwaitVMI(debianName, "connected to the agent", debianBoot, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected)
	})
	suite.Measured(n, "guest-debian, from creation to AgentConnected", time.Since(began))
	t.Run("console", func(t *testing.T) { testDebianConsole(n.In(t)) })
	t.Run("ssh", func(t *testing.T) { testSSH(n.In(t), key) })
	t.Run("scp", func(t *testing.T) { testSCP(n.In(t), key) })
	t.Run("udp", func(t *testing.T) { testUDP(n.In(t), key) })
	t.Run("rdp", func(t *testing.T) { testRDP(n.In(t), key) })
	t.Run("no rdp", func(t *testing.T) { testRDPRefused(n.In(t), key) })
}

// needImage builds an image that is only built on demand, unless it is cached, and brings it into the nodes.
func needImage(t *testing.T, name string) {
	t.Helper()
	for _, verb := range []string{"images", "load"} {
		cmd := exec.CommandContext(t.Context(), cluster.Program("cluster"), verb, name)
		cmd.Dir = cluster.Root
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cluster %s %s: %v\n%s", verb, name, err, output)
		}
	}
}

// newKey makes an SSH key and returns the path of its private half.
func newKey(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if output, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("make an SSH key (Debian package openssh-client): %v\n%s", err, output)
	}
	return path
}

// createDebian makes the machine of the example, which also takes the key.
func createDebian(n *suite.Namespace, key string) {
	n.Helper()
	raw, err := os.ReadFile(filepath.Join(n.Root, "artifacts", "examples", "debian.yaml"))
	suite.Need(n, err, "read example")
	vm := &v1.VirtualMachine{}
	suite.Need(n, yaml.UnmarshalStrict(raw, vm), "decode example")
	public, err := os.ReadFile(key + ".pub")
	suite.Need(n, err, "read public key")
	vm.Spec.Template.Spec.Volumes[1].CloudInitNoCloud.UserData += "ssh_authorized_keys:\n  - " + strings.TrimSpace(string(public)) + "\n"
	_, err = n.Virt.KubevirtV1().VirtualMachines(n.ID).Create(suite.Context(n, suite.Quick), vm, metav1.CreateOptions{})
	suite.Need(n, err, "create virtual machine")
}

// testDebianConsole logs in at the serial console, as the user that cloud-init has made.
func testDebianConsole(n *suite.Namespace) {
	c := n.Console(debianName)
	c.Type("\r")
	c.Expect("debian login: ", debianBoot)
	c.Type(debianName + "\r")
	c.Expect("[Pp]assword: ", suite.Boot)
	c.Type(suite.Password + "\r")
	c.Expect(`debian@debian:~\$ `, suite.Boot)
	c.Type("systemctl is-active qemu-guest-agent ssh; exit\r")
	c.Expect(`active\r\nactive\r\n`, suite.Boot)
	c.Expect("debian login: ", suite.Boot)
	c.Leave()
}

// sshFlags have ssh and scp ask nobody.
func sshFlags(n *suite.Namespace, key string) []string {
	return []string{"--identity-file=" + key, "--known-hosts=" + filepath.Join(n.TempDir(), "known_hosts"),
		"--local-ssh-opts=-o StrictHostKeyChecking=accept-new", "--local-ssh-opts=-o BatchMode=yes"}
}

// guestShell runs a shell line in the guest as its user.
func guestShell(n *suite.Namespace, key, line string) string {
	n.Helper()
	return n.Virtctl(append([]string{"ssh", debianName + "@vm/" + debianName, "--command=" + line}, sshFlags(n, key)...)...)
}

// testSSH runs commands with the key that cloud-init has put in place, also on the address of the instance.
func testSSH(n *suite.Namespace, key string) {
	if got := guestShell(n, key, "whoami; hostname; sudo whoami"); got != "debian\ndebian\nroot\n" {
		n.Errorf("in the guest: whoami; hostname; sudo whoami prints %q", got)
	}
	o := n.Try("", "virtctl", append([]string{"ssh", debianName + "@vmi/" + debianName, "--command=exit 7"}, sshFlags(n, key)...)...)
	if o.Code != 7 {
		n.Errorf("virtctl ssh of a command that ends with 7 ends with %d: %s", o.Code, o.Stderr)
	}
	stranger := n.Try("", "virtctl", append([]string{"ssh", "nobody@vm/" + debianName, "--command=true"}, sshFlags(n, key)...)...)
	if stranger.Code == 0 || !strings.Contains(stranger.Stderr, "Permission denied") {
		n.Errorf("a user that the guest does not know: exit code %d, %q", stranger.Code, stranger.Stderr)
	}
}

// testSCP copies a file there and back.
func testSCP(n *suite.Namespace, key string) {
	content := make([]byte, 1<<20)
	if _, err := rand.Read(content); err != nil {
		n.Fatal(err)
	}
	dir := n.TempDir()
	sent, back := filepath.Join(dir, "sent"), filepath.Join(dir, "back")
	suite.Need(n, os.WriteFile(sent, content, 0o600), "write file")
	remote := debianName + "@vm/" + debianName + ":copied"
	n.Virtctl(append([]string{"scp", sent, remote}, sshFlags(n, key)...)...)
	if got := guestShell(n, key, "wc -c <copied"); strings.TrimSpace(got) != "1048576" {
		n.Errorf("the copy has %s bytes", got)
	}
	n.Virtctl(append([]string{"scp", remote, back}, sshFlags(n, key)...)...)
	got, err := os.ReadFile(back)
	suite.Need(n, err, "read the copy")
	if !bytes.Equal(got, content) {
		n.Errorf("the file comes back with %d other bytes", len(got))
	}
}
