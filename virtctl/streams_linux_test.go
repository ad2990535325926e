// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gorilla/websocket"
)

// asVirtctl has a process of this test's binary be virtctl.
const asVirtctl = "VIRTCTL_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asVirtctl) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := WithSignals(context.Background())
	defer stop()
	os.Exit(Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}

const vmPort, vmiPort = "GET " + vmPath + "portforward/", "GET " + vmiPath + "portforward/"

// exists answers for an object of which nothing matters.
func exists(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }

// notThere answers for an object that does not exist.
var notThere = refuse(404, "NotFound", `virtualmachine.kubevirt.io "demo" not found`)

// repeat is a port that sends back what it gets.
func repeat(conn *websocket.Conn) {
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// begin runs a command that ends when the test cancels it, or by itself.
func begin(t *testing.T, kubeconfig string, in io.Reader, args ...string) *visit {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	v := &visit{out: newTranscript(), notices: newTranscript(), code: make(chan int, 1), cancel: cancel}
	go func() {
		v.code <- Run(ctx, append([]string{"virtctl", "--kubeconfig", kubeconfig}, args...), in, v.out, v.notices)
	}()
	return v
}

// number waits for output that matches and returns the number in its group.
func (v *visit) number(t *testing.T, pattern string) int {
	t.Helper()
	compiled := regexp.MustCompile(pattern)
	timeout := time.After(20 * time.Second)
	for {
		if match := compiled.FindStringSubmatch(v.out.String()); match != nil {
			n, err := strconv.Atoi(match[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		select {
		case <-v.out.changed:
		case code := <-v.code:
			t.Fatalf("ended with %d; notices: %s", code, v.notices)
		case <-timeout:
			t.Fatalf("no %q in %q; notices: %s", pattern, v.out, v.notices)
		}
	}
}

// reach connects to a local port.
func reach(t *testing.T, network string, port int) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// hear says text, if any, and returns what the other side says.
func hear(t *testing.T, conn net.Conn, text string) string {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1<<10)
	n, err := conn.Read(buffer)
	if err != nil {
		t.Fatalf("after %q: %v", text, err)
	}
	return string(buffer[:n])
}

// process is virtctl as a process of its own, in a terminal or not.
type process struct {
	cmd      *exec.Cmd
	screen   *transcript
	keyboard *os.File
	done     chan error
}

// virtctlProcess prepares the test's binary, or another path of it, to run as virtctl in an empty home.
func virtctlProcess(t *testing.T, path, kubeconfig string, args ...string) *exec.Cmd {
	t.Helper()
	if path == "" {
		var err error
		if path, err = os.Executable(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), asVirtctl+"=1", "KUBECONFIG="+kubeconfig, "HOME="+t.TempDir(), "TERM=xterm", "SSH_AUTH_SOCK=")
	return cmd
}

// inTerminal starts cmd in a terminal of its own.
func inTerminal(t *testing.T, cmd *exec.Cmd, rows, columns uint16) *process {
	t.Helper()
	p := &process{cmd: cmd, screen: newTranscript(), done: make(chan error, 1)}
	var err error
	if p.keyboard, err = pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.keyboard.Close() })
	go func() {
		// It ends with an I/O error when the last program in the terminal has.
		_, _ = io.Copy(p.screen, p.keyboard)
		p.done <- cmd.Wait()
	}()
	return p
}

// exits waits for the end and returns the exit code.
func (p *process) exits(t *testing.T) int {
	t.Helper()
	select {
	case err := <-p.done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("still running; the terminal shows %q", p.screen)
	}
	return p.cmd.ProcessState.ExitCode()
}

// outcomeOf runs a process that needs no terminal.
func outcomeOf(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var out, errOut strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// awaitFile waits until a file has something in it.
func awaitFile(t *testing.T, path string) string {
	t.Helper()
	// Another program writes it, and says nothing else.
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if content, err := os.ReadFile(path); err == nil && len(content) > 0 {
			return string(content)
		}
	}
	t.Fatalf("nothing in %s", path)
	return ""
}
