// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// withScreen gives the guest a graphics card.
func withScreen(vm *v1.VirtualMachine) {
	vm.Spec.Template.Spec.Domain.Devices.AutoattachGraphicsDevice = nil
}

// TestScreen looks at one guest's screen in all ways that there are.
func TestScreen(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	n.CreateRunning("demo", withScreen)
	n.Console("demo").Login()
	t.Run("two viewers", func(t *testing.T) {
		n := n.In(t)
		first := openScreen(n, "vnc", true)
		// One that asks to be alone does not push the other out.
		second := openScreen(n, "vnc", false)
		for who, s := range map[string]*suite.Screen{"first": first, "second": second} {
			if pixels, err := s.Update(); err != nil || pixels < 640*350 {
				t.Errorf("the %s viewer reads %d bytes of a screen of %d x %d: %v", who, pixels, s.Width, s.Height, err)
			}
		}
		_, code, err := n.Dial(suite.Context(t, suite.Quick), "demo", "vnc?preserveSession=true")
		if code != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "Active VNC connection. Request denied.") {
			t.Errorf("a viewer that preserves sessions: %d %v", code, err)
		}
	})
	t.Run("screenshot", func(t *testing.T) {
		n := n.In(t)
		raw, err := n.Virt.KubevirtV1().RESTClient().Get().AbsPath("/apis/subresources.kubevirt.io/v1/namespaces", n.ID,
			"virtualmachineinstances", "demo", "vnc/screenshot").Do(suite.Context(t, suite.Quick)).Raw()
		suite.Need(t, err, "get screenshot")
		picture, err := png.Decode(bytes.NewReader(raw))
		suite.Need(t, err, "decode screenshot")
		if size := picture.Bounds().Size(); size.X < 640 || size.Y < 350 {
			t.Errorf("the picture has %v pixels", size)
		}
	})
	t.Run("no screen", func(t *testing.T) {
		n := n.In(t)
		n.CreateRunning("headless")
		n.VirtctlRefused("No graphics devices are present", "vnc", "screenshot", "headless", "--file="+filepath.Join(t.TempDir(), "none.png"))
	})
}

func openScreen(n *suite.Namespace, subresource string, shared bool) *suite.Screen {
	n.Helper()
	stream := n.MustDial("demo", subresource)
	stream.Within(suite.Quick)
	s, err := suite.NewScreen(stream, shared)
	suite.Need(n, err, "shake hands with the screen")
	return s
}

// TestConsoleUnderLoad floods one console while another guest's is used, and opens many.
func TestConsoleUnderLoad(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	n.Create("loud")
	n.Create("quiet")
	loud, quiet := n.Console("loud"), n.Console("quiet")
	loud.Login()
	quiet.Login()
	loud.Run("stty -echo")

	// An emulated serial port carries some ten kilobytes in a second.
	megabytes := 1
	if os.Getenv("E2E_LONG") == "1" {
		megabytes = 20
	}
	last := megabytes * 1000000 / 8
	stream := n.MustDial("loud", "console")
	loud.Type(fmt.Sprintf("echo; seq -w 1 %d; echo end-of-flood\r", last))
	began := time.Now()
	counted := make(chan error, 1)
	go func() { counted <- countLines(stream, last) }()
	worst := time.Duration(0)
	for flooding := true; flooding; {
		pressed := time.Now()
		quiet.Run("true")
		worst = max(worst, time.Since(pressed))
		select {
		case err := <-counted:
			suite.Need(t, err, "read all output of the loud guest")
			flooding = false
		default:
		}
	}
	suite.Measured(t, fmt.Sprintf("%d MB of a guest's output to a viewer", megabytes), time.Since(began))
	suite.Measured(t, "slowest command on another guest's console meanwhile", worst)
	loud.Expect("end-of-flood", suite.Boot)

	// As many as one console takes, and many more on the other.
	ctx := suite.Context(t, suite.Boot)
	var open sync.WaitGroup
	var mu sync.Mutex
	codes := map[int]int{}
	for i := range 120 {
		name := []string{"loud", "quiet"}[i%2]
		open.Go(func() {
			s, code, err := n.Dial(ctx, name, "console?readOnly=true")
			if err == nil {
				s.Within(suite.Quick)
				_, err = s.Read(make([]byte, 1))
				t.Cleanup(func() { s.Conn.Close() })
			}
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
			if err != nil && code != http.StatusTooManyRequests {
				t.Errorf("viewer %d: %d %v", i, code, err)
			}
		})
	}
	open.Wait()
	if codes[0] < 100 {
		t.Errorf("of 120 viewers %d see the screen; answers by code: %v", codes[0], codes)
	}
	quiet.Run("true")
}

// countLines reads lines of numbers and expects each in its turn.
func countLines(stream *suite.Stream, last int) error {
	stream.Within(suite.Boot)
	lines := bufio.NewScanner(stream)
	number := regexp.MustCompile(`^0*(\d+)\r*$`)
	next := 1
	for lines.Scan() {
		stream.Within(suite.Boot)
		match := number.FindStringSubmatch(lines.Text())
		if match == nil {
			continue // the prompt, and what was on the screen before
		}
		got, err := strconv.Atoi(match[1])
		switch {
		case err != nil:
			return err
		case got != next && next == 1:
			continue
		case got != next:
			return fmt.Errorf("%d follows %d", got, next-1)
		}
		if next++; next > last {
			return nil
		}
	}
	return fmt.Errorf("the stream ends at %d: %w", next, lines.Err())
}

// TestConsoleThroughProxy types on a console through kubectl proxy.
func TestConsoleThroughProxy(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	n.Create("demo")
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	proxy := n.Command(ctx, "kubectl", "proxy", "--port=0")
	out, err := proxy.StdoutPipe()
	suite.Need(t, err, "run kubectl proxy")
	suite.Need(t, proxy.Start(), "run kubectl proxy")
	t.Cleanup(func() {
		cancel()
		_ = proxy.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	suite.Need(t, err, "read the proxy's address")
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)
	empty := filepath.Join(t.TempDir(), "kubeconfig")
	suite.Need(t, os.WriteFile(empty, nil, 0o600), "write kubeconfig")
	c := n.Console("demo", "--kubeconfig="+empty, "--server=http://"+address)
	c.Login()
	if got := c.Run("echo through"); got != "through\n" {
		t.Errorf("in the guest: echo prints %q", got)
	}
	c.Leave()
}

// TestIdleConsole leaves a console alone and comes back.
func TestIdleConsole(t *testing.T) {
	idle := 70 * time.Second
	if os.Getenv("E2E_LONG") == "1" {
		idle = 31 * time.Minute
	}
	t.Parallel()
	n := cluster.NewNamespace(t)
	n.Create("demo", withScreen)
	c := n.Console("demo")
	c.Login()
	port := background(n, `^\{"port":(\d+)\}\n$`, "vnc", "demo", "--proxy-only")[1]
	viewer, err := net.Dial("tcp", "127.0.0.1:"+port)
	suite.Need(t, err, "dial")
	defer viewer.Close()
	screen, err := suite.NewScreen(viewer, true)
	suite.Need(t, err, "shake hands with the screen")
	// This is the test: nothing happens.
	time.Sleep(idle)
	if got := c.Run("echo there"); got != "there\n" {
		t.Errorf("after %s: echo prints %q", idle, got)
	}
	if notices := c.Notices(); strings.Count(notices, "Connected to") > 1 {
		t.Errorf("the console was connected again: %s", notices)
	}
	const enter = 0xff0d
	if err := screen.Press(enter); err != nil {
		t.Errorf("press a key on the screen after %s: %v", idle, err)
	}
	_ = viewer.SetDeadline(time.Now().Add(suite.Quick))
	if _, err := screen.Update(); err != nil {
		t.Errorf("read the screen after %s: %v", idle, err)
	}
}
