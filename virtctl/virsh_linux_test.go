// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

const (
	podsPath = "GET /api/v1/namespaces/lab/pods"
	execPath = " /api/v1/namespaces/lab/pods/virt-launcher-demo-x/exec"
)

// launcherPods answers with the launcher pods of the guest, of which the last one is where it runs.
func launcherPods(w http.ResponseWriter, r *http.Request) {
	pod := func(name, node, app string, phase corev1.PodPhase) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "lab", Labels: map[string]string{"kubevirt.io": app}},
			Spec:       corev1.PodSpec{NodeName: node}, Status: corev1.PodStatus{Phase: phase},
		}
	}
	list := corev1.PodList{}
	if r.URL.Query().Get("labelSelector") == "kubevirt.io/created-by=1234" {
		list.Items = []corev1.Pod{
			pod("virt-launcher-demo-old", "node1", "virt-launcher", corev1.PodFailed),
			pod("hotplug-demo", "node1", "hotplug-disk", corev1.PodRunning),
			pod("virt-launcher-demo-y", "node2", "virt-launcher", corev1.PodRunning),
			pod("virt-launcher-demo-x", "node1", "virt-launcher", corev1.PodRunning),
		}
	}
	json.NewEncoder(w).Encode(list)
}

// launcherExec is the end of kube-apiserver for programs in pods, with the channels of its fifth protocol.
type launcherExec struct {
	*testing.T
	// talk is the program; it returns its exit code.
	talk func(in io.Reader, out, errOut io.Writer) int
	mu   sync.Mutex
	// query is what was asked for last, and size the last size of the terminal.
	query map[string][]string
	size  string
}

func (e *launcherExec) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.query = r.URL.Query()
	e.mu.Unlock()
	conn, err := (&websocket.Upgrader{Subprotocols: []string{"v5.channel.k8s.io"}}).Upgrade(w, r, nil)
	if err != nil {
		e.Errorf("upgrade: %v", err)
		return
	}
	defer conn.Close()
	input, typed := io.Pipe()
	go func() {
		for {
			_, message, err := conn.ReadMessage()
			switch {
			case err != nil:
				typed.Close()
				return
			case message[0] == 255:
				typed.Close()
			case message[0] == 4:
				e.mu.Lock()
				e.size = strings.TrimSpace(string(message[1:]))
				e.mu.Unlock()
			case message[0] == 0:
				typed.Write(message[1:])
			}
		}
	}()
	code := e.talk(input, channel{conn, 1}, channel{conn, 2})
	channel{conn, 3}.Write(statusOf(code))
	conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	// The client closes the connection when it has read all.
	io.Copy(io.Discard, input)
}

// channel writes messages of one channel.
type channel struct {
	conn   *websocket.Conn
	number byte
}

func (c channel) Write(p []byte) (int, error) {
	return len(p), c.conn.WriteMessage(websocket.BinaryMessage, append([]byte{c.number}, p...))
}

// statusOf is how kubelets tell of a program's end.
func statusOf(code int) []byte {
	status := metav1.Status{Status: metav1.StatusSuccess}
	if code != 0 {
		status = metav1.Status{Status: metav1.StatusFailure, Reason: "NonZeroExitCode", Message: "command terminated",
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: "ExitCode", Message: fmt.Sprint(code)}}}}
	}
	encoded, _ := json.Marshal(status)
	return encoded
}

// virshAt answers for a guest whose launcher runs e.
func virshAt(e *launcherExec) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{vmiObjPath: running(), podsPath: launcherPods, "GET" + execPath: e.ServeHTTP}
}

func TestVirshRunsBesideTheGuest(t *testing.T) {
	e := &launcherExec{T: t, talk: func(_ io.Reader, out, errOut io.Writer) int {
		fmt.Fprint(out, " Id   Name       State\n")
		fmt.Fprint(errOut, "error: no such thing\n")
		return 17
	}}
	cluster := newCluster(t, virshAt(e))
	for _, name := range []string{"demo", "vm/demo", "vmi/demo/lab"} {
		got := cluster.run(t, "virsh", name, "--", "list", "--all", "-n lab")
		if got != (outcome{17, " Id   Name       State\n", "error: no such thing\n"}) {
			t.Errorf("%s: %+v", name, got)
		}
		want := map[string][]string{"container": {"compute"}, "command": {"virsh", "list", "--all", "-n lab"}, "stdout": {"true"}, "stderr": {"true"}}
		if fmt.Sprint(e.query) != fmt.Sprint(want) {
			t.Errorf("%s: asked for %v, want %v", name, e.query, want)
		}
	}
	e.talk = func(io.Reader, io.Writer, io.Writer) int { return 0 }
	if got := cluster.run(t, "virsh", "demo", "--", "version"); got != (outcome{}) {
		t.Errorf("%+v", got)
	}
}

func TestVirshReadsTheInput(t *testing.T) {
	e := &launcherExec{T: t, talk: func(in io.Reader, out, _ io.Writer) int {
		buffer := make([]byte, 100)
		n, _ := in.Read(buffer)
		fmt.Fprintf(out, "did %s", buffer[:n])
		return 0
	}}
	cluster := newCluster(t, virshAt(e))
	for _, args := range []string{"virsh demo", "virsh demo -i -- define /dev/stdin"} {
		v := begin(t, cluster.kubeconfig(t), strings.NewReader("list\n"), strings.Fields(args)...)
		v.exits(t, 0)
		if v.out.String() != "did list\n" {
			t.Errorf("%s: output %q", args, v.out)
		}
	}
}

func TestVirshInATerminal(t *testing.T) {
	e := &launcherExec{T: t, talk: func(in io.Reader, out, _ io.Writer) int {
		fmt.Fprint(out, "virsh # ")
		buffer := make([]byte, 100)
		var keys strings.Builder
		for !strings.HasSuffix(keys.String(), "quit\r") {
			n, err := in.Read(buffer)
			if err != nil {
				return 1
			}
			keys.Write(buffer[:n])
			out.Write(buffer[:n])
		}
		return 3
	}}
	cluster := newCluster(t, virshAt(e))
	p := inTerminal(t, virtctlProcess(t, "", cluster.kubeconfig(t), "virsh", "demo"), 40, 99)
	p.screen.await(t, "virsh # ")
	press(t, p.keyboard, "\x03quit\r") // Ctrl-C is virsh's
	if code := p.exits(t); code != 3 {
		t.Errorf("exit code %d; the terminal shows %q", code, p.screen)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.query["tty"] == nil || e.query["stderr"] != nil || e.size != `{"Width":99,"Height":40}` {
		t.Errorf("asked for %v, size %s", e.query, e.size)
	}
}

// Some proxies let no websockets through.
func TestVirshFallsBackToSPDY(t *testing.T) {
	e := &launcherExec{T: t}
	answers := virshAt(e)
	answers["GET"+execPath] = func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no websockets here", http.StatusBadRequest)
	}
	answers["POST"+execPath] = func(w http.ResponseWriter, r *http.Request) {
		if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
			t.Errorf("handshake: %v", err)
			return
		}
		streams := make(chan httpstream.Stream, 3)
		conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(stream httpstream.Stream, _ <-chan struct{}) error {
			streams <- stream
			return nil
		})
		if conn == nil {
			t.Error("no connection")
			return
		}
		defer conn.Close()
		kinds := map[string]httpstream.Stream{}
		for range 3 {
			stream := <-streams
			kinds[stream.Headers().Get("streamType")] = stream
		}
		fmt.Fprint(kinds["stdout"], "by SPDY\n")
		kinds["stdout"].Close()
		kinds["stderr"].Close()
		kinds["error"].Write(statusOf(5))
		kinds["error"].Close()
		<-conn.CloseChan()
	}
	if got := newCluster(t, answers).run(t, "virsh", "demo", "--", "list"); got != (outcome{5, "by SPDY\n", ""}) {
		t.Errorf("%+v", got)
	}
}

func TestVirshTellsWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		args    string
		answers map[string]http.HandlerFunc
		want    string
	}{
		{"virsh demo -- list", map[string]http.HandlerFunc{vmiObjPath: notThere, "GET " + objPath: exists}, "virsh VM demo: it is not running"},
		{"virsh demo -- list", map[string]http.HandlerFunc{vmiObjPath: running(), podsPath: func(w http.ResponseWriter, _ *http.Request) {
			json.NewEncoder(w).Encode(corev1.PodList{})
		}}, "no launcher pod runs"},
		{"virsh demo -- list", map[string]http.HandlerFunc{vmiObjPath: running(), podsPath: launcherPods,
			"GET" + execPath: refuse(403, "Forbidden", `pods "virt-launcher-demo-x" is forbidden: no exec`), "POST" + execPath: refuse(403, "Forbidden", `pods "virt-launcher-demo-x" is forbidden: no exec`)}, "no exec"},
		{"virsh demo list", nil, "write -- before the arguments of virsh"},
		{"virsh", nil, "an argument is missing"},
		{"virsh vmirs/demo", nil, `kind "vmirs" is not supported`},
	} {
		got := newCluster(t, c.answers).run(t, strings.Fields(c.args)...)
		if got.code != 1 || got.out != "" || !strings.Contains(got.errOut, c.want) {
			t.Errorf("%s: %+v, want %q", c.args, got, c.want)
		}
	}
}
