// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// running answers with an instance that runs, with conditions that are true.
func running(conditions ...v1.VirtualMachineInstanceConditionType) http.HandlerFunc {
	return instanceIn(v1.Running, conditions...)
}

func instanceIn(phase v1.VirtualMachineInstancePhase, conditions ...v1.VirtualMachineInstanceConditionType) http.HandlerFunc {
	vmi := v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "lab", UID: "1234"}}
	vmi.Status.Phase, vmi.Status.NodeName = phase, "node1"
	for _, condition := range conditions {
		vmi.Status.Conditions = append(vmi.Status.Conditions, v1.VirtualMachineInstanceCondition{Type: condition, Status: "True"})
	}
	return func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(vmi) }
}

// confirm answers a connection request of the Remote Desktop Protocol and repeats what comes after.
func confirm(conn *websocket.Conn) {
	_, request, err := conn.ReadMessage()
	if err == nil && len(request) == 19 && string(request[:2]) == "\x03\x00" {
		say(conn, "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x02\x00\x00\x00")
		repeat(conn)
	}
}

// desktop answers for a guest that has one.
func desktop(t *testing.T) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{vmiObjPath: running(v1.VirtualMachineInstanceAgentConnected), vmiPort + "3389": guest(t, confirm)}
}

const x224 = "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"

func TestRDPForwardsAPort(t *testing.T) {
	cluster := newCluster(t, desktop(t))
	install(t, "", "")
	v := begin(t, cluster.kubeconfig(t), strings.NewReader(""), "rdp", "demo", "--proxy-only")
	port := v.number(t, `^\{"port":(\d+)\}\n$`)
	for range 2 {
		if got := hear(t, reach(t, "tcp", port), x224); got[5] != 0xd0 {
			t.Errorf("a client hears %q", got)
		}
	}
	v.cancel()
	v.exits(t, 0)
}

func TestRDPWritesAFile(t *testing.T) {
	cluster := newCluster(t, desktop(t))
	install(t, "", "")
	file := filepath.Join(t.TempDir(), "demo.rdp")
	v := begin(t, cluster.kubeconfig(t), strings.NewReader(""), "rdp", "demo", "--file", file, "--full-screen", "-u", `LAB\admin`)
	v.notices.await(t, "to the desktop of vmi/demo; Ctrl-C ends it\n")
	content := awaitFile(t, file)
	var port int
	for _, line := range strings.Split(content, "\r\n") {
		fmt.Sscanf(line, "full address:s:127.0.0.1:%d", &port)
	}
	if !strings.Contains(content, "screen mode id:i:2\r\n") || !strings.Contains(content, "username:s:LAB\\admin\r\n") {
		t.Errorf("the file holds %q", content)
	}
	if got := hear(t, reach(t, "tcp", port), x224); got[5] != 0xd0 {
		t.Errorf("a client hears %q", got)
	}
	v.cancel()
	v.exits(t, 0)

	v = begin(t, cluster.kubeconfig(t), strings.NewReader(""), "rdp", "demo", "--file=-", "--port=0")
	v.out.await(t, "screen mode id:i:1\r\n")
	v.cancel()
	v.exits(t, 0)
}

func TestRDPStartsAClient(t *testing.T) {
	cluster := newCluster(t, desktop(t))
	dir := install(t, "xfreerdp3", `
echo "$@" > "${0%/*}/args"
port=${1##*:}
exec 3<> "/dev/tcp/127.0.0.1/$port"
printf '\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00' >&3
IFS= LC_ALL=C read -r -d '' -n 1 -u 3 first
[ "$first" = $'\x03' ]`)
	got := cluster.run(t, "rdp", "vm/demo/lab", "--username=admin", "--", "/multimon", "/sound")
	if got.code == 0 {
		t.Error("a virtual machine's own port was asked for, which this guest does not have")
	}
	got = cluster.run(t, "rdp", "vmi/demo/lab", "--username=admin", "--", "/multimon", "/sound")
	if got.code != 0 || got.out != "" || got.errOut != "" {
		t.Errorf("%+v", got)
	}
	args := strings.Fields(awaitFile(t, filepath.Join(dir, "args")))
	if want := "/t:demo /cert:tofu +clipboard /u:admin /dynamic-resolution /multimon /sound"; strings.Join(args[1:], " ") != want ||
		!strings.HasPrefix(args[0], "/v:127.0.0.1:") {
		t.Errorf("the client is called with %q", args)
	}

	// One that reads a file finds it, and it is gone afterwards.
	other := filepath.Join(install(t, "own", `echo "$1" > "${0%/*}/path"; read -r line < "$1"; echo "$line" > "${0%/*}/line"; exit 4`), "own")
	got = cluster.run(t, "rdp", "demo", "--client", other)
	if got.code != 1 || !strings.Contains(got.errOut, "own: exit status 4") {
		t.Errorf("%+v", got)
	}
	if line := awaitFile(t, filepath.Join(filepath.Dir(other), "line")); !strings.HasPrefix(line, "full address:s:127.0.0.1:") {
		t.Errorf("the file begins with %q", line)
	}
	path := strings.TrimSpace(awaitFile(t, filepath.Join(filepath.Dir(other), "path")))
	if _, err := os.Stat(path); filepath.Base(path) != "demo.rdp" || err == nil {
		t.Errorf("the file %s: %v", path, err)
	}
}

func TestRDPTellsWhatIsMissing(t *testing.T) {
	port := vmiPort + "3389"
	ready := running(v1.VirtualMachineInstanceAgentConnected)
	shut := refuse(500, "InternalError", "Internal error occurred: dialing VM: connection refused")
	silent := guest(t, func(conn *websocket.Conn) {
		conn.ReadMessage()
		conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	})
	shell := guest(t, func(conn *websocket.Conn) { say(conn, "SSH-2.0-OpenSSH_9.2\r\n"); conn.ReadMessage() })
	for _, c := range []struct {
		name, args string
		answers    map[string]http.HandlerFunc
		want       string
	}{
		{"no machine", "", map[string]http.HandlerFunc{vmiObjPath: notThere, "GET " + objPath: notThere}, "Error from server (NotFound)"},
		{"a machine that is stopped", "", map[string]http.HandlerFunc{vmiObjPath: notThere, "GET " + objPath: exists}, "rdp VM demo: it is not running (virtctl start demo)"},
		{"a machine that starts", "", map[string]http.HandlerFunc{vmiObjPath: instanceIn(v1.Scheduling)}, "the guest does not run: its instance is Scheduling"},
		{"a machine that is paused", "", map[string]http.HandlerFunc{vmiObjPath: running(v1.VirtualMachineInstancePaused)}, "the guest is paused (virtctl unpause vmi demo)"},
		{"no agent", "", map[string]http.HandlerFunc{vmiObjPath: running()}, "the guest agent is not connected"},
		{"no server", "", map[string]http.HandlerFunc{vmiObjPath: ready, port: shut}, "nothing listens on port 3389 of the guest"},
		{"no server in Linux either", "--no-agent-check", map[string]http.HandlerFunc{vmiObjPath: running(), port: shut}, "install xrdp on Linux"},
		{"nothing behind the port", "", map[string]http.HandlerFunc{vmiObjPath: ready, port: silent}, "closes connections to port 3389 at once"},
		{"another server", "--target-port=22", map[string]http.HandlerFunc{vmiObjPath: ready, vmiPort + "22": shell}, "something listens on port 22 of the guest, but it does not speak the Remote Desktop Protocol"},
		{"no right to connect", "", map[string]http.HandlerFunc{vmiObjPath: ready, port: refuse(403, "Forbidden", "no")}, "Error from server (Forbidden): no"},
		{"a user of two lines", "--username=a\nb", nil, "has a line break in it"},
		{"no port", "--target-port=0", nil, "a guest has no port 0"},
		{"two ways", "--proxy-only --file=x", nil, "none of the others can be"},
	} {
		cluster := newCluster(t, c.answers)
		args := []string{"rdp", "demo"}
		if c.args != "" {
			args = append(args, strings.Split(c.args, " ")...)
		}
		if !strings.Contains(c.args, "--proxy-only") {
			args = append(args, "--proxy-only")
		}
		got := cluster.run(t, args...)
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.errOut, "Error") || !strings.Contains(got.errOut, c.want) {
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
}

func TestRDPGoesOnWhenItIsTold(t *testing.T) {
	install(t, "", "")
	for _, c := range []struct {
		flag    string
		answers map[string]http.HandlerFunc
	}{
		{"--no-agent-check", map[string]http.HandlerFunc{vmiObjPath: running(), vmiPort + "3389": guest(t, confirm)}},
		{"--force", map[string]http.HandlerFunc{vmiObjPath: running(), vmiPort + "3389": refuse(500, "InternalError", "refused")}},
		// Who may connect need not be allowed to read.
		{"--force=false", map[string]http.HandlerFunc{vmiObjPath: refuse(403, "Forbidden", "no"), vmiPort + "3389": guest(t, confirm)}},
	} {
		v := begin(t, newCluster(t, c.answers).kubeconfig(t), strings.NewReader(""), "rdp", "demo", "--proxy-only", c.flag)
		v.number(t, `"port":(\d+)`)
		v.cancel()
		v.exits(t, 0)
	}
}

func TestRDPWithoutAClient(t *testing.T) {
	cluster := newCluster(t, nil)
	install(t, "", "")
	for args, want := range map[string]string{
		"":                  "no client of the Remote Desktop Protocol is installed; install FreeRDP",
		"--client=/nowhere": "find client:",
	} {
		got := cluster.run(t, append([]string{"rdp", "demo"}, strings.Fields(args)...)...)
		if got.code != 1 || !strings.Contains(got.errOut, want) {
			t.Errorf("%q: %+v, want %q", args, got, want)
		}
	}
	if seen := cluster.requests(); len(seen) > 0 {
		t.Errorf("requests were sent: %v", seen)
	}
}
