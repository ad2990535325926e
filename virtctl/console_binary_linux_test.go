// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gorilla/websocket"
)

// TestConsoleOfTheBinary runs the program in a terminal of its own and leaves it in every way there is.
func TestConsoleOfTheBinary(t *testing.T) {
	program := filepath.Join(t.TempDir(), "virtctl")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/virtctl").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		name  string
		leave func(t *testing.T, keyboard *os.File, process *os.Process, end chan<- int)
		code  int
	}{
		{"Ctrl-]", func(t *testing.T, keyboard *os.File, _ *os.Process, _ chan<- int) { press(t, keyboard, "\x1d") }, 0},
		{"SIGTERM", func(t *testing.T, _ *os.File, p *os.Process, _ chan<- int) { p.Signal(syscall.SIGTERM) }, 130},
		{"SIGINT from elsewhere", func(t *testing.T, _ *os.File, p *os.Process, _ chan<- int) { p.Signal(syscall.SIGINT) }, 130},
		{"SIGHUP", func(t *testing.T, _ *os.File, p *os.Process, _ chan<- int) { p.Signal(syscall.SIGHUP) }, 130},
		{"the guest ends", func(_ *testing.T, _ *os.File, _ *os.Process, end chan<- int) { end <- websocket.CloseNormalClosure }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			end := make(chan int, 1)
			cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: guest(t, func(conn *websocket.Conn) {
				gone := make(chan struct{})
				go func() {
					defer close(gone)
					for {
						_, keys, err := conn.ReadMessage()
						if err != nil {
							return
						}
						say(conn, string(keys))
					}
				}()
				say(conn, "login: ")
				select {
				case code := <-end:
					conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
					<-gone
				case <-gone:
				}
			})})
			keyboard, tty := terminal(t)
			before := settings(t, tty)
			cmd := exec.Command(program, "--kubeconfig", cluster.kubeconfig(t), "console", "demo")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			// Output of a window that changes its size is none of the guest's.
			if err := pty.Setsize(keyboard, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
				t.Fatal(err)
			}
			shown := newTranscript()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			go func() {
				part := make([]byte, 1024)
				for {
					n, err := keyboard.Read(part)
					shown.Write(part[:n])
					if err != nil {
						return
					}
				}
			}()
			shown.await(t, "login: ")
			press(t, keyboard, "root\r")
			shown.await(t, "root\r")
			if err := pty.Setsize(keyboard, &pty.Winsize{Rows: 50, Cols: 132}); err != nil {
				t.Fatal(err)
			}
			c.leave(t, keyboard, cmd.Process, end)
			done := make(chan error, 1)
			go func() { done <- cmd.Wait() }()
			select {
			case err := <-done:
				var failed *exec.ExitError
				if err != nil && !errors.As(err, &failed) {
					t.Fatal(err)
				}
			case <-time.After(20 * time.Second):
				cmd.Process.Kill()
				<-done
				t.Fatalf("still running; the terminal shows %q", shown)
			}
			if got := cmd.ProcessState.ExitCode(); got != c.code {
				t.Errorf("exit code %d, want %d; the terminal shows %q", got, c.code, shown)
			}
			if !reflect.DeepEqual(settings(t, tty), before) {
				t.Error("the terminal was not restored")
			}
		})
	}
}
