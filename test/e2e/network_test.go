// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// webPort is where each end of the network test serves its name.
const webPort = 8080

// serve is a shell line that serves name, and a file of some size, over HTTP.
func serve(name, dir, flags string) string {
	return fmt.Sprintf("mkdir -p %[1]s; echo %[2]s > %[1]s/name; dd if=/dev/zero of=%[1]s/block bs=64k count=16 2>/dev/null; httpd %[3]s -p %[4]d -h %[1]s",
		dir, name, flags, webPort)
}

// end is a guest or a pod on the network.
type end struct {
	name, ip string
	run      func(line string) string
}

// TestNetwork has two guests and two pods, on two nodes if there are, talk to each other.
func TestNetwork(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	nodes := cluster.Nodes(t)
	first, second := nodes[0].ID, nodes[len(nodes)-1].ID
	if first == second {
		t.Log("there is one node: nothing is seen of the way between nodes")
	}
	n.Create("vm-a", suite.OnNode(first), suite.Runs(serve("vm-a", "/www", "")))
	n.Create("vm-b", suite.OnNode(second), suite.Runs(serve("vm-b", "/www", "")))
	n.CreatePod("pod-a", first, serve("pod-a", "/tmp/www", "-f"))
	n.CreatePod("pod-b", second, serve("pod-b", "/tmp/www", "-f"))

	var ends []end
	for _, name := range []string{"pod-a", "pod-b"} {
		pod := n.AwaitPod(name)
		ends = append(ends, end{name, pod.Status.PodIP, func(line string) string {
			n.Helper()
			return n.Kubectl("exec", name, "--", "sh", "-c", line)
		}})
	}
	for _, name := range []string{"vm-a", "vm-b"} {
		vmi := n.AwaitRunning(name)
		launcher := n.Launcher(vmi)
		if len(vmi.Status.Interfaces) != 1 || vmi.Status.Interfaces[0].IP != launcher.Status.PodIP || launcher.Status.PodIP == "" {
			t.Fatalf("%s shows the interfaces %+v; its pod has %s", name, vmi.Status.Interfaces, launcher.Status.PodIP)
		}
		c := n.Console(name)
		c.Login()
		ends = append(ends, end{name, launcher.Status.PodIP, c.Run})
		checkLease(t, c)
	}
	// The guests' servers start after the prompt has come.
	for _, target := range ends {
		suite.Eventually(t, target.name+" serves", suite.Boot, func(context.Context) error {
			o := n.Try("", "kubectl", "exec", "pod-a", "--", "wget", "-q", "-T", "2", "-O", "-", url(target.ip, "name"))
			if o.Stdout != target.name+"\n" {
				return fmt.Errorf("%s%s", o.Stdout, o.Stderr)
			}
			return nil
		})
	}
	for _, from := range ends {
		for _, to := range ends {
			if from.name != to.name {
				checkWay(t, from, to)
			}
		}
	}
}

// checkWay fetches over TCP a line and a file that takes packets of full size.
func checkWay(t *testing.T, from, to end) {
	t.Helper()
	began := time.Now()
	got := from.run(fmt.Sprintf("wget -q -T 10 -O - %s; wget -q -T 10 -O - %s | wc -c", url(to.ip, "name"), url(to.ip, "block")))
	if want := to.name + "\n1048576\n"; got != want {
		t.Errorf("%s reads %q from %s, want %q", from.name, got, to.name, want)
	}
	t.Logf("%s reads 1 MiB from %s in %s", from.name, to.name, time.Since(began).Round(time.Millisecond))
}

// checkLease looks at what DHCP has given to the guest.
func checkLease(t *testing.T, c *suite.Console) {
	t.Helper()
	// The prompt comes before the network.
	c.Run("i=0; while [ $i -lt 300 ] && ! grep -q nameserver /etc/resolv.conf 2>/dev/null; do i=$((i+1)); sleep 0.1; done")
	got := c.Run("ip -4 -o addr show scope global; ip route; cat /etc/resolv.conf")
	for _, pattern := range []string{
		`inet 10\.0\.2\.2/24 `,
		`default via 10\.0\.2\.1 `,
		`(?m)^nameserver 10\.96\.0\.10$`,
		`(?m)^search .*svc\.cluster\.local`,
	} {
		if !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("in the guest there is no %q in\n%s", pattern, got)
		}
	}
	if got := c.Run("nslookup kubernetes.default.svc.cluster.local 2>&1 | tail -n 3"); !strings.Contains(got, "10.96.0.1") {
		t.Errorf("in the guest the API server's name resolves to %q", got)
	}
}

func url(ip, path string) string { return fmt.Sprintf("http://%s:%d/%s", ip, webPort, path) }
