// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

const consolePath = "GET " + vmiPath + "console"

// guest serves a console: it hands every connection to talk.
func guest(t *testing.T, talk func(*websocket.Conn)) http.HandlerFunc {
	upgrader := websocket.Upgrader{Subprotocols: []string{"plain.kubevirt.io"}}
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		defer conn.Close()
		talk(conn)
	}
}

// echo is a guest that greets and repeats what is typed, until the client closes; how is what it closed with.
func echo(closed chan<- error) func(*websocket.Conn) {
	return func(conn *websocket.Conn) {
		say(conn, "login: ")
		for {
			_, keys, err := conn.ReadMessage()
			if err != nil {
				closed <- err
				return
			}
			say(conn, string(keys))
		}
	}
}

func say(conn *websocket.Conn, text string) {
	conn.WriteMessage(websocket.BinaryMessage, []byte(text))
}

// transcript collects output and lets tests wait for some of it.
type transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{}, 1)} }

func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	select {
	case tr.changed <- struct{}{}:
	default:
	}
	return tr.text.Write(p)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

func (tr *transcript) await(t *testing.T, want string) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for !strings.Contains(tr.String(), want) {
		select {
		case <-tr.changed:
		case <-timeout:
			t.Fatalf("no %q in %q", want, tr)
		}
	}
}

// visit is a running console command.
type visit struct {
	out, notices *transcript
	code         chan int
	cancel       context.CancelFunc
}

func startConsole(t *testing.T, kubeconfig string, in io.Reader, flags ...string) *visit {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	v := &visit{out: newTranscript(), notices: newTranscript(), code: make(chan int, 1), cancel: cancel}
	go func() {
		v.code <- Run(ctx, append([]string{"virtctl", "--kubeconfig", kubeconfig, "console", "demo"}, flags...), in, v.out, v.notices)
	}()
	return v
}

func (v *visit) exits(t *testing.T, want int) {
	t.Helper()
	select {
	case got := <-v.code:
		if got != want {
			t.Errorf("exit code %d, want %d; notices: %s", got, want, v.notices)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("still running; notices: %s", v.notices)
	}
}

// terminal returns the two ends of a pseudo terminal.
func terminal(t *testing.T) (keyboard, tty *os.File) {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close(); tty.Close() })
	return keyboard, tty
}

func settings(t *testing.T, tty *os.File) *unix.Termios {
	t.Helper()
	termios, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return termios
}

func press(t *testing.T, keyboard io.Writer, keys string) {
	t.Helper()
	if _, err := io.WriteString(keyboard, keys); err != nil {
		t.Fatal(err)
	}
}

func TestConsoleCarriesKeysBothWaysUntilTheEscape(t *testing.T) {
	closed := make(chan error, 1)
	var handshake *http.Request
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: func(w http.ResponseWriter, r *http.Request) {
		handshake = r
		guest(t, echo(closed))(w, r)
	}})
	keyboard, tty := terminal(t)
	before := settings(t, tty)
	v := startConsole(t, cluster.kubeconfig(t), tty)
	v.notices.await(t, "Press Ctrl-] to leave")
	if during := settings(t, tty); during.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != 0 {
		t.Error("the terminal is not raw")
	}
	v.out.await(t, "login: ")
	// Ctrl-C and a bare carriage return are the guest's, not ours.
	press(t, keyboard, "root\r\x03")
	v.out.await(t, "login: root\r\x03")
	press(t, keyboard, "last words\x1dnot sent")
	v.exits(t, 0)
	if !reflect.DeepEqual(settings(t, tty), before) {
		t.Error("the terminal was not restored")
	}
	if err := <-closed; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the server saw %v, want a normal close", err)
	}
	if got := handshake.Header.Get("Authorization"); got != "Bearer secret-token" {
		t.Errorf("authorization %q", got)
	}
	if got := handshake.Header.Get("Sec-WebSocket-Protocol"); got != "plain.kubevirt.io" {
		t.Errorf("sub-protocols %q", got)
	}
	if strings.Contains(v.out.String(), "not sent") {
		t.Error("keys after the escape were sent")
	}
}

func TestConsoleRestoresTheTerminalWhenItIsKilled(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{consolePath: guest(t, echo(make(chan error, 1)))})
	_, tty := terminal(t)
	before := settings(t, tty)
	v := startConsole(t, cluster.kubeconfig(t), tty)
	v.notices.await(t, "Press Ctrl-] to leave")
	v.cancel()
	v.exits(t, 130)
	if !reflect.DeepEqual(settings(t, tty), before) {
		t.Error("the terminal was not restored")
	}
}

func TestConsoleWaitsForTheGuestToRun(t *testing.T) {
	vm := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }
	for name, first := range map[string]http.HandlerFunc{
		"the instance does not run yet":                refuse(400, "BadRequest", "VMI is not running"),
		"the instance is not there yet, but its VM is": refuse(404, "NotFound", `virtualmachineinstance.kubevirt.io "demo" not found`),
		"the node plugin is just restarting":           refuse(500, "InternalError", "no virt-nodeplugin pod runs on the node"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int32
			cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + objPath: vm, consolePath: func(w http.ResponseWriter, r *http.Request) {
				if attempts.Add(1) <= 2 {
					first(w, r)
					return
				}
				guest(t, echo(make(chan error, 1)))(w, r)
			}})
			in, keys := io.Pipe()
			defer keys.Close()
			v := startConsole(t, cluster.kubeconfig(t), in)
			v.out.await(t, "login: ")
			press(t, keys, "\x1d")
			v.exits(t, 0)
			if n := strings.Count(v.notices.String(), "Waiting for demo: "); n != 1 || attempts.Load() != 3 {
				t.Errorf("%d attempts, notices %q", attempts.Load(), v.notices)
			}
		})
	}
}

func TestConsoleDoesNotWaitInVain(t *testing.T) {
	notFound := refuse(404, "NotFound", `virtualmachineinstance.kubevirt.io "demo" not found`)
	for _, c := range []struct {
		name    string
		answers map[string]http.HandlerFunc
		want    string
	}{
		{"neither instance nor VM", map[string]http.HandlerFunc{consolePath: notFound,
			"GET " + objPath: refuse(404, "NotFound", `virtualmachine.kubevirt.io "demo" not found`)},
			`Error from server (NotFound): virtualmachineinstance.kubevirt.io "demo" not found`},
		{"no permission", map[string]http.HandlerFunc{consolePath: refuse(403, "Forbidden", "no")}, "Error from server (Forbidden): no"},
		{"a failed instance", map[string]http.HandlerFunc{consolePath: refuse(409, "Conflict", "VMI is in failed status")},
			"Error from server (Conflict): VMI is in failed status"},
		{"a guest without a console", map[string]http.HandlerFunc{consolePath: refuse(400, "BadRequest", "No serial consoles are present.")},
			"Error from server (BadRequest): No serial consoles are present."},
		{"virtplane not installed", nil, "is virtplane installed?"},
	} {
		got := newCluster(t, c.answers).run(t, "console", "demo")
		if got.code != 1 || !strings.Contains(got.errOut, c.want) || strings.Contains(got.errOut, "Waiting") {
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
}
