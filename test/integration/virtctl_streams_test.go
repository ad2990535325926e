// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl"
)

// said collects what a command that goes on has printed.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// serve runs a command that listens until the test ends, and returns the ports that it prints.
func (v virtctlOf) serve(pattern string, args ...string) (ports []string, errOut *said) {
	v.t.Helper()
	ctx, cancel := context.WithCancel(v.t.Context())
	out, errOut := &said{}, &said{}
	ended := make(chan int, 1)
	go func() {
		ended <- virtctl.Run(ctx, append([]string{"virtctl", "--kubeconfig=" + v.kubeconfig, "--namespace=" + v.namespace}, args...), strings.NewReader(""), out, errOut)
	}()
	v.t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			v.t.Errorf("virtctl %s: exit code %d at its end: %s", strings.Join(args, " "), code, errOut)
		}
	})
	compiled := regexp.MustCompile(pattern)
	eventually(v.t, "virtctl "+strings.Join(args, " "), func(context.Context) error {
		if ports = compiled.FindStringSubmatch(out.String()); ports == nil {
			return fmt.Errorf("it prints %q and %q", out, errOut)
		}
		return nil
	})
	return ports[1:], errOut
}

// talk says hello at a local port and returns the answer.
func talk(t *testing.T, network, port string) string {
	t.Helper()
	conn := must(net.Dial(network, "127.0.0.1:"+port))(t)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, "hello"); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	n, err := conn.Read(buffer)
	if err != nil {
		return err.Error()
	}
	return string(buffer[:n])
}

// TestVirtctlCarriesStreams goes the whole way of a stream, from a local port through kube-apiserver and virt-apiserver
// to the plugin of a node.
func TestVirtctlCarriesStreams(t *testing.T) {
	p := startPlugin(t, "virtctl-node")
	v := newVirtctl(t)
	create(t, v.namespace, newVM("demo", withStrategy(v1.RunStrategyHalted)))
	vmi := runOn(t, v.namespace, "demo", p.node)
	setPhase(t, vmi, v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{Name: "default", IP: "10.244.0.9"}}
	})
	forget := make(chan struct{})
	t.Cleanup(func() { close(forget) })
	p.drain()
	var paths said
	go func() {
		for {
			select {
			case req := <-p.asked:
				fmt.Fprintln(&paths, req.URL.RequestURI())
			case <-forget:
				return
			}
		}
	}()

	ports, _ := v.serve(`(?s)127\.0\.0\.1:(\d+) to tcp/80 .*127\.0\.0\.1:(\d+) to udp/53 `, "port-forward", "vmi/demo", "0:80", "udp/0:53")
	for i, network := range []string{"tcp", "udp"} {
		if got := talk(t, network, ports[i]); got != "guest: hello" {
			t.Errorf("through %s the guest says %q", network, got)
		}
	}
	screen, _ := v.serve(`^\{"port":(\d+)\}\n$`, "vnc", "demo", "--proxy-only", "--exclusive")
	if got := talk(t, "tcp", screen[0]); got != "guest: hello" {
		t.Errorf("through vnc the guest says %q", got)
	}
	base := "/v1/namespaces/" + v.namespace + "/virtualmachineinstances/demo/"
	for _, want := range []string{base + "portforward/80/tcp\n", base + "portforward/53/udp\n", base + "vnc?exclusive=true\n"} {
		if !strings.Contains(paths.String(), want) {
			t.Errorf("the plugin was asked for\n%swant %s", paths.String(), want)
		}
	}
	if code, out, _ := v.try("__complete", "ssh", "root@vmi/d"); code != 0 || out != "root@vmi/demo\n:4\n" {
		t.Errorf("offered to complete: %q, exit code %d", out, code)
	}
}

// TestVirtctlForwardsByItsOwnRight has a user forward ports who may not even read the instance, and refuses one who may
// read it.
func TestVirtctlForwardsByItsOwnRight(t *testing.T) {
	p := startPlugin(t, "virtctl-rights-node")
	v := newVirtctl(t)
	vmi := runOn(t, v.namespace, "demo", p.node)
	setPhase(t, vmi, v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{Name: "default", IP: "10.244.0.9"}}
	})
	p.drain()
	user, reader := v.namespace+"-forwarder", v.namespace+"-reader"
	must(cluster.core.RbacV1().Roles(v.namespace).Create(t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "forward"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{"subresources.kubevirt.io"}, Resources: []string{"virtualmachineinstances/portforward"}, Verbs: []string{"get"}}},
	}, metav1.CreateOptions{}))(t)
	must(cluster.core.RbacV1().RoleBindings(v.namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "forward"},
		RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "forward"},
		Subjects:   []rbacv1.Subject{{APIGroup: "rbac.authorization.k8s.io", Kind: "User", Name: user}},
	}, metav1.CreateOptions{}))(t)
	bind(t, v.namespace, reader, "kubevirt.io:view")

	ports, _ := v.serve(`127\.0\.0\.1:(\d+) to tcp/80 `, "port-forward", "vmi/demo", "0:80", "--as="+user)
	eventually(t, "the right of "+user, func(context.Context) error {
		if got := talk(t, "tcp", ports[0]); got != "guest: hello" {
			return fmt.Errorf("the guest says %q", got)
		}
		return nil
	})
	for _, args := range [][]string{
		{"port-forward", "--stdio", "vmi/demo", "80", "--as=" + reader},
		{"vnc", "demo", "--proxy-only", "--as=" + user},
		{"vnc", "screenshot", "demo", "--file=-", "--as=" + user},
	} {
		if code, out, errOut := v.try(args...); code != 1 || out != "" || !strings.HasPrefix(errOut, "Error from server (Forbidden): ") {
			t.Errorf("virtctl %s: exit code %d, %q, %q", strings.Join(args, " "), code, out, errOut)
		}
	}
}
