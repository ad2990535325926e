// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

const (
	vncPath    = "GET " + vmiPath + "vnc"
	vmiObjPath = "GET /apis/kubevirt.io/v1/namespaces/lab/virtualmachineinstances/demo"
)

// display greets like a VNC server and repeats what comes.
func display(conn *websocket.Conn) {
	say(conn, "RFB 003.008\n")
	repeat(conn)
}

// install puts a program into PATH, which holds nothing else, and makes a desktop that it could show itself on.
func install(t *testing.T, name, script string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("DISPLAY", ":99")
	if name == "" {
		return dir
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/bash\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestVNCShowsTheScreenInAViewer(t *testing.T) {
	var query atomic.Value
	cluster := newCluster(t, map[string]http.HandlerFunc{vncPath: func(w http.ResponseWriter, r *http.Request) {
		query.Store(r.URL.RawQuery)
		guest(t, display)(w, r)
	}})
	for _, c := range []struct{ name, flags, query, args string }{
		{"remote-viewer", "", "", "vnc://127.0.0.1:PORT"},
		{"vncviewer", "--preserve-session", "preserveSession=true", "127.0.0.1::PORT -Shared"},
		{"xtigervncviewer", "--exclusive", "exclusive=true", "127.0.0.1::PORT"},
	} {
		dir := install(t, c.name, `
echo "$@" > "${0%/*}/args"
port=${1##*:}; port=${port%% *}
exec 3<> "/dev/tcp/127.0.0.1/$port"
read -r -u 3 banner
echo "$banner" > "${0%/*}/banner"`)
		got := cluster.run(t, append([]string{"vnc", "demo"}, strings.Fields(c.flags)...)...)
		if got.code != 0 || got.out != "" || got.errOut != "" {
			t.Errorf("%s: %+v", c.name, got)
		}
		read := func(name string) string {
			content, _ := os.ReadFile(filepath.Join(dir, name))
			return strings.TrimSpace(string(content))
		}
		if read("banner") != "RFB 003.008" || query.Load() != c.query {
			t.Errorf("%s reads %q; the server is asked with %q, want %q", c.name, read("banner"), query.Load(), c.query)
		}
		words := strings.FieldsFunc(read("args"), func(r rune) bool { return r == ':' || r == ' ' })
		for _, word := range words {
			if len(word) > 3 && strings.Trim(word, "0123456789") == "" {
				if args := strings.Replace(read("args"), word, "PORT", 1); args != c.args {
					t.Errorf("%s is called with %q, want %q", c.name, args, c.args)
				}
			}
		}
	}
}

func TestVNCTellsWhatTheViewerSaid(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{vncPath: guest(t, display)})
	install(t, "remote-viewer", "echo 'cannot open display' >&2; exit 3")
	got := cluster.run(t, "vnc", "demo")
	if got.code != 1 || !strings.Contains(got.errOut, "remote-viewer: exit status 3; it said:\ncannot open display\n") {
		t.Errorf("%+v", got)
	}
}

func TestVNCWithoutAViewer(t *testing.T) {
	cluster := newCluster(t, nil)
	install(t, "", "")
	for args, want := range map[string]string{
		"":                               "no VNC viewer is installed; install remote-viewer (package virt-viewer) or TigerVNC",
		"--vnc-type=tiger":               "the VNC viewer tiger is not installed",
		"--vnc-type=nonsense":            `"nonsense" is no known viewer; use remote-viewer, tiger, real, chicken`,
		"--vnc-path=/nowhere":            "find viewer:",
		"--address=nonsense":             "--address=nonsense: it is not an IP address",
		"--port=70000":                   "invalid argument",
		"--exclusive --preserve-session": "none of the others can be",
	} {
		got := cluster.run(t, append([]string{"vnc", "demo"}, strings.Fields(args)...)...)
		if got.code != 1 || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, want) {
			t.Errorf("%q: %+v, want %q", args, got, want)
		}
	}
	install(t, "vncviewer", "")
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if got := cluster.run(t, "vnc", "demo"); got.code != 1 || !strings.Contains(got.errOut, "there is no desktop here") || !strings.Contains(got.errOut, "--proxy-only") {
		t.Errorf("without a desktop: %+v", got)
	}
	if seen := cluster.requests(); len(seen) > 0 {
		t.Errorf("requests were sent: %v", seen)
	}
}

func TestVNCServesSeveralViewersAtOnce(t *testing.T) {
	var connections atomic.Int32
	cluster := newCluster(t, map[string]http.HandlerFunc{vncPath: func(w http.ResponseWriter, r *http.Request) {
		switch connections.Add(1) {
		case 3:
			refuse(503, "ServiceUnavailable", "Active VNC connection. Request denied.")(w, r)
		case 4:
			guest(t, func(conn *websocket.Conn) {
				say(conn, "RFB 003.008\n")
				conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "another viewer wants the screen alone"))
			})(w, r)
		default:
			guest(t, display)(w, r)
		}
	}})
	install(t, "", "")
	v := begin(t, cluster.kubeconfig(t), strings.NewReader(""), "vnc", "demo", "--proxy-only")
	port := v.number(t, `^\{"port":(\d+)\}\n$`)
	viewer := func() net.Conn { return reach(t, "tcp", port) }
	first, second := viewer(), viewer()
	for _, conn := range []net.Conn{first, second} {
		if got := hear(t, conn, ""); got != "RFB 003.008\n" {
			t.Errorf("a viewer reads %q", got)
		}
	}
	if got := hear(t, first, "one") + hear(t, second, "two"); got != "onetwo" {
		t.Errorf("the viewers read %q", got)
	}
	if _, err := viewer().Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a refused viewer: %v", err)
	}
	v.notices.await(t, "error from server (ServiceUnavailable): Active VNC connection. Request denied.\n")
	if _, err := io.ReadAll(viewer()); err != nil {
		t.Errorf("a viewer that is put out: %v", err)
	}
	v.notices.await(t, "the server closed the connection: another viewer wants the screen alone\n")
	if got := hear(t, first, "still there"); got != "still there" {
		t.Errorf("the first viewer reads %q", got)
	}
	v.cancel()
	v.exits(t, 0)
	if connections.Load() != 4 {
		t.Errorf("%d connections", connections.Load())
	}
}

func TestVNCAsksTheServerFirst(t *testing.T) {
	for _, c := range []struct {
		answers map[string]http.HandlerFunc
		want    string
	}{
		{map[string]http.HandlerFunc{vncPath: refuse(400, "BadRequest", "VMI is not running")}, "Error from server (BadRequest): VMI is not running"},
		{map[string]http.HandlerFunc{vncPath: notThere, "GET " + objPath: exists}, "VM demo: it is not running"},
		{map[string]http.HandlerFunc{vncPath: refuse(501, "NotImplemented", "not there yet")}, "Error from server (NotImplemented): not there yet"},
	} {
		cluster := newCluster(t, c.answers)
		install(t, "remote-viewer", "exit 9")
		for _, flag := range []string{"--proxy-only", "--proxy-only=false"} {
			got := cluster.run(t, "vnc", "vmi/demo", flag)
			if got.code != 1 || got.out != "" || !strings.Contains(got.errOut, c.want) {
				t.Errorf("%+v, want %q", got, c.want)
			}
		}
	}
}

func TestVNCWarnsOfAnOpenPort(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{vncPath: guest(t, display)})
	v := begin(t, cluster.kubeconfig(t), strings.NewReader(""), "vnc", "demo", "--proxy-only", "--address=0.0.0.0")
	if got := hear(t, reach(t, "tcp", v.number(t, `"port":(\d+)`)), ""); got != "RFB 003.008\n" {
		t.Errorf("a viewer reads %q", got)
	}
	v.cancel()
	v.exits(t, 0)
	if !strings.Contains(v.notices.String(), "Warning: everybody who reaches 0.0.0.0 sees the screen") {
		t.Errorf("notices %q", v.notices)
	}
}

func TestScreenshot(t *testing.T) {
	picture := string(pngSignature) + "the rest"
	var query atomic.Value
	cluster := newCluster(t, map[string]http.HandlerFunc{vncPath + "/screenshot": func(w http.ResponseWriter, r *http.Request) {
		query.Store(r.URL.RawQuery)
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, picture)
	}})
	file := filepath.Join(t.TempDir(), "demo.png")
	for range 2 { // a second time over what is there
		if got := cluster.run(t, "vnc", "screenshot", "demo", "-f", file); got != (outcome{}) || query.Load() != "" {
			t.Errorf("%+v, asked with %q", got, query.Load())
		}
		if content, err := os.ReadFile(file); err != nil || string(content) != picture {
			t.Errorf("the file holds %q, %v", content, err)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("beside the picture there is %v", left)
	}
	if got := cluster.run(t, "vnc", "screenshot", "vmi/demo", "-m", "--file=-"); got.code != 0 || got.out != picture || query.Load() != "moveCursor=true" {
		t.Errorf("%+v, asked with %q", got, query.Load())
	}
	if got := cluster.run(t, "vnc", "screenshot", "demo"); got.code != 1 || !strings.Contains(got.errOut, "--file is missing") {
		t.Errorf("%+v", got)
	}

	p := inTerminal(t, virtctlProcess(t, "", cluster.kubeconfig(t), "vnc", "screenshot", "demo", "-f", "-"), 24, 80)
	if code := p.exits(t); code != 1 || !strings.Contains(p.screen.String(), "a terminal cannot show the picture") {
		t.Errorf("into a terminal: exit code %d, %q", code, p.screen)
	}

	picture = "<html>"
	other := filepath.Join(t.TempDir(), "other.png")
	if got := cluster.run(t, "vnc", "screenshot", "demo", "-f", other); got.code != 1 || !strings.Contains(got.errOut, "no PNG picture") {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("a file was written of what is no picture")
	}
}

func TestViewersEndWithTheCommand(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{vncPath: guest(t, display)})
	dir := install(t, "remote-viewer", `
trap 'echo asked > "${0%/*}/end"; kill $!; exit' TERM
/bin/sleep 30 &
echo $$ > "${0%/*}/pid"
wait`)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() {
		done <- Run(ctx, []string{"virtctl", "--kubeconfig", cluster.kubeconfig(t), "vnc", "demo"}, strings.NewReader(""), newTranscript(), newTranscript())
	}()
	awaitFile(t, filepath.Join(dir, "pid"))
	cancel()
	if code := <-done; code != 130 {
		t.Errorf("exit code %d", code)
	}
	if content, _ := os.ReadFile(filepath.Join(dir, "end")); string(content) != "asked\n" {
		t.Errorf("the viewer was not asked to end: %q", content)
	}
}
