// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestVirtctlStreams reaches one guest by every command of virtctl that carries bytes, beside the console.
func TestVirtctlStreams(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	key := newKey(t)
	public, err := os.ReadFile(key + ".pub")
	suite.Need(t, err, "read public key")
	n.CreateRunning("demo", withScreen, func(vm *v1.VirtualMachine) {
		vm.Spec.Template.Spec.Volumes[1].CloudInitNoCloud.UserData += "ssh_authorized_keys:\n  - " + strings.TrimSpace(string(public)) + "\n"
	})
	c := n.Console("demo")
	c.Login()
	c.Run("mkdir -p /srv && echo hello from the guest > /srv/index.html && httpd -p 8080 -h /srv")
	c.Run("dd if=/dev/urandom of=/srv/big bs=1M count=8 2> /dev/null")
	sum := c.Run("md5sum < /srv/big")

	t.Run("port-forward", func(t *testing.T) { testPortForward(n.In(t), sum) })
	t.Run("stdio", func(t *testing.T) { testPortForwardStdio(n.In(t)) })
	t.Run("ssh", func(t *testing.T) { testSSHTerminal(n.In(t), key) })
	t.Run("vnc", func(t *testing.T) { testVNC(n.In(t)) })
	t.Run("viewer", func(t *testing.T) { testViewer(n.In(t)) })
	t.Run("screenshot", func(t *testing.T) { testVirtctlScreenshot(n.In(t)) })
	t.Run("virsh", func(t *testing.T) { testVirsh(n.In(t)) })
	t.Run("completion", func(t *testing.T) { testCompletion(n.In(t)) })
	t.Run("published", func(t *testing.T) { testPublishedStreams(n.In(t), published(t), key) })
	t.Run("stopped", func(t *testing.T) { testNotRunning(n.In(t)) })
}

// background runs virtctl until the test ends, and waits for a line of its output that matches.
func background(n *suite.Namespace, pattern string, args ...string) []string {
	n.Helper()
	return backgroundOf(n, "virtctl", pattern, args...)
}

// backgroundOf is background with another program than our virtctl.
func backgroundOf(n *suite.Namespace, program, pattern string, args ...string) []string {
	n.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := n.Command(ctx, program, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	output, err := cmd.StdoutPipe()
	suite.Need(n, err, "make pipe")
	suite.Need(n, cmd.Start(), "start virtctl "+args[0])
	n.Cleanup(func() {
		cancel()
		// It was killed, which is no news.
		_ = cmd.Wait()
		if n.Failed() {
			n.Logf("virtctl %s said: %s", strings.Join(args, " "), said.String())
		}
	})
	compiled := regexp.MustCompile(pattern)
	found := make(chan []string, 1)
	go func() {
		var all []byte
		buffer := make([]byte, 4096)
		for {
			k, err := output.Read(buffer)
			all = append(all, buffer[:k]...)
			if match := compiled.FindStringSubmatch(string(all)); match != nil || err != nil {
				found <- match
				break
			}
		}
		_, _ = io.Copy(io.Discard, output)
	}()
	select {
	case match := <-found:
		if match == nil {
			n.Fatalf("virtctl %s ends: %s", strings.Join(args, " "), said.String())
		}
		return match
	case <-time.After(suite.Quick):
		n.Fatalf("virtctl %s does not print %q", strings.Join(args, " "), pattern)
		return nil
	}
}

// testPortForward reads pages of the guest's web server, several at once.
func testPortForward(n *suite.Namespace, sum string) {
	ports := background(n, `(?s)127\.0\.0\.1:(\d+) to tcp/8080 .*127\.0\.0\.1:(\d+) to tcp/9 `,
		"port-forward", "vm/demo", "0:8080", "0:9")
	get := func(page string) []byte {
		response, err := (&http.Client{Timeout: suite.Boot}).Get("http://127.0.0.1:" + ports[1] + page)
		if err != nil {
			n.Errorf("get %s: %v", page, err)
			return nil
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if err != nil {
			n.Errorf("read %s: %v", page, err)
		}
		return content
	}
	began := time.Now()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			cmd := exec.CommandContext(n.Context(), "md5sum")
			cmd.Stdin = bytes.NewReader(get("/big"))
			if got, err := cmd.Output(); err != nil || string(got) != sum {
				n.Errorf("the file has the sum %q, %v; in the guest it is %q", got, err, sum)
			}
		})
	}
	all.Go(func() {
		if got := string(get("/")); got != "hello from the guest\n" {
			n.Errorf("the page reads %q", got)
		}
	})
	all.Wait()
	suite.Measured(n, "virtctl port-forward, 4 x 8 MiB at once", time.Since(began))

	// Nobody listens there, which ends nothing else.
	shut, err := net.Dial("tcp", "127.0.0.1:"+ports[2])
	suite.Need(n, err, "dial")
	defer shut.Close()
	_ = shut.SetDeadline(time.Now().Add(suite.Quick))
	if _, err := shut.Read(make([]byte, 1)); err == nil {
		n.Error("a port that the guest refuses says something")
	}
}

// testUDP sends datagrams to a program in the guest, from two senders, and gets them back.
func testUDP(n *suite.Namespace, key string) {
	guestShell(n, key, `cat > udp.py <<'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7777))
while True:
    text, sender = s.recvfrom(65535)
    s.sendto(b"guest: " + text, sender)
END
setsid -f python3 udp.py </dev/null >/dev/null 2>&1`)
	port := background(n, `127\.0\.0\.1:(\d+) to udp/7777 `, "port-forward", "vm/"+debianName, "udp/0:7777")[1]
	// The program may take a while to listen, and datagrams that nobody takes are lost.
	suite.Eventually(n, "the guest answers datagrams", suite.Boot, func(context.Context) error {
		_, err := exchange(n, port, "ready?")
		return err
	})
	for _, text := range []string{"one", "two", strings.Repeat("x", 1400)} {
		if got, err := exchange(n, port, text); err != nil || got != "guest: "+text {
			n.Errorf("of a datagram with %d bytes comes back %q, %v", len(text), got, err)
		}
	}
}

// exchange sends a datagram from a port of its own and returns what comes back.
func exchange(n *suite.Namespace, port, text string) (string, error) {
	n.Helper()
	conn, err := net.Dial("udp", "127.0.0.1:"+port)
	suite.Need(n, err, "dial")
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	buffer := make([]byte, 2000)
	k, err := conn.Read(buffer)
	return string(buffer[:k]), err
}

// testPortForwardStdio asks a web server by hand, and leaves as soon as it has said all.
func testPortForwardStdio(n *suite.Namespace) {
	o := n.Try("GET / HTTP/1.0\r\n\r\n", "virtctl", "port-forward", "--stdio", "vmi/demo/"+n.ID, "8080")
	if o.Code != 0 || !strings.HasSuffix(o.Stdout, "hello from the guest\n") {
		n.Errorf("exit code %d, output %q, %q", o.Code, o.Stdout, o.Stderr)
	}
	if o := n.Try("", "virtctl", "port-forward", "--stdio", "vm/demo", "9"); o.Code != 1 || o.Stdout != "" || !strings.Contains(o.Stderr, "dialing VM") {
		n.Errorf("a port that the guest refuses: exit code %d, output %q, %q", o.Code, o.Stdout, o.Stderr)
	}
	n.VirtctlRefused("not found", "port-forward", "vm/nobody", "0:80")
}
