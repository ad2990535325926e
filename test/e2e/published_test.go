// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// testPublishedStreams reaches the guest demo with the program that people already have: its screen, a port of its web
// server, and a shell.
func testPublishedStreams(n *suite.Namespace, program, key string) {
	port := backgroundOf(n, program, `\{"port":(\d+)\}`, "vnc", "demo", "--proxy-only")[1]
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	suite.Need(n, err, "dial")
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(suite.Boot))
	screen, err := suite.NewScreen(conn, true)
	suite.Need(n, err, "shake hands with the screen")
	if pixels, err := screen.Update(); err != nil || pixels < 640*350 {
		n.Errorf("the viewer reads %d bytes of the screen: %v", pixels, err)
	}

	local := freePort(n)
	ctx, cancel := context.WithCancel(context.Background())
	forward := n.Command(ctx, program, "port-forward", "vm/demo", local+":8080")
	suite.Need(n, forward.Start(), "start virtctl port-forward")
	n.Cleanup(func() {
		cancel()
		// It was killed, which is no news.
		_ = forward.Wait()
	})
	suite.Eventually(n, "the page comes through the port", suite.Quick, func(context.Context) error {
		response, err := http.Get("http://127.0.0.1:" + local + "/")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if page, err := io.ReadAll(response.Body); err != nil || string(page) != "hello from the guest\n" {
			return fmt.Errorf("it reads %q: %v", page, err)
		}
		return nil
	})

	o := n.Try("", program, append([]string{"ssh", "root@vmi/demo", "--command=hostname; exit 7"}, sshFlags(n, key)...)...)
	if !strings.HasPrefix(o.Stdout, "demo\n") || o.Code == 0 {
		n.Errorf("ssh: exit code %d, %q, %s", o.Code, o.Stdout, o.Stderr)
	}
}

// freePort returns a port of this machine that nothing listens to.
func freePort(n *suite.Namespace) string {
	n.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	suite.Need(n, err, "find a free port")
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	suite.Need(n, err, "find a free port")
	return port
}
