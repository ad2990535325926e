// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

const instancesPath = "/apis/kubevirt.io/v1/namespaces/lab/virtualmachineinstances"

// instanceAs is an instance called demo in JSON.
func instanceAs(uid, phase, conditions string) string {
	return fmt.Sprintf(`{"metadata":{"name":"demo","uid":%q},"status":{"phase":%q,"conditions":[%s]}}`, uid, phase, conditions)
}

// changing answers with an instance, and to each watch with the next list of events, after which it breaks; when there
// are none left it stays open.
func changing(t *testing.T, first string, watches ...[]string) map[string]http.HandlerFunc {
	items := "[]"
	if first != "" {
		items = "[" + first + "]"
	}
	return map[string]http.HandlerFunc{
		"GET " + instancePath: func(w http.ResponseWriter, r *http.Request) {
			if first == "" {
				refuse(404, "NotFound", "no")(w, r)
				return
			}
			says(first)(w, r)
		},
		"GET " + instancesPath: func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			if query.Get("fieldSelector") != "metadata.name=demo" {
				t.Errorf("asks for %s", r.URL.RawQuery)
			}
			if query.Get("watch") == "" {
				says(`{"metadata":{"resourceVersion":"7"},"items":`+items+`}`)(w, r)
				return
			}
			if query.Get("resourceVersion") != "7" {
				t.Errorf("watches from %s", r.URL.RawQuery)
			}
			if len(watches) == 0 {
				w.(http.Flusher).Flush()
				<-r.Context().Done()
				return
			}
			for _, event := range watches[0] {
				kind, object, _ := strings.Cut(event, " ")
				fmt.Fprintf(w, `{"type":%q,"object":%s}`+"\n", kind, object)
				items = "[" + object + "]"
			}
			watches = watches[1:]
		},
		"PUT " + vmPath + "start": code(202), "PUT " + vmPath + "stop": code(202), "PUT " + vmPath + "restart": code(202),
	}
}

func TestWaiting(t *testing.T) {
	const full = `{"type":"PodScheduled","status":"False","message":"no node has room"}`
	for _, c := range []struct {
		name, args  string
		answers     map[string]http.HandlerFunc
		code        int
		out, errOut string
	}{
		{"a start", "start demo --wait", changing(t, "", []string{"ADDED " + instanceAs("a", "Pending", ""), "MODIFIED " + instanceAs("a", "Scheduling", full),
			"MODIFIED " + instanceAs("a", "Running", "")}),
			0, "VM demo was scheduled to start\nVM demo is running\n", "VM demo: without an instance\nVM demo: Pending\nVM demo: Scheduling: no node has room\n"},
		{"a start over what ended", "start demo --wait", changing(t, instanceAs("a", "Failed", ""), []string{"DELETED " + instanceAs("a", "Failed", ""),
			"ADDED " + instanceAs("b", "Running", "")}),
			0, "VM demo was scheduled to start\nVM demo is running\n", "VM demo: Failed\nVM demo: without an instance\n"},
		{"a start that fails", "start demo --wait", changing(t, "", []string{"ADDED " + instanceAs("a", "Failed", `{"type":"Synchronized","status":"False","message":"no such image"}`)}),
			1, "VM demo was scheduled to start\n", "VM demo: without an instance\nError: VM demo has ended again: Failed: no such image\n"},
		{"a start that takes too long", "start demo --wait --timeout=200ms", changing(t, instanceAs("a", "Scheduling", full)),
			1, "VM demo was scheduled to start\n", "VM demo: Scheduling: no node has room\nError: wait for VM demo: after 200ms it is Scheduling: no node has room\n"},
		{"a watch that breaks", "start demo --wait", changing(t, "", []string{"ADDED " + instanceAs("a", "Pending", "")}, []string{"MODIFIED " + instanceAs("a", "Running", "")}),
			0, "VM demo was scheduled to start\nVM demo is running\n", "VM demo: without an instance\nVM demo: Pending\n"},
		{"a watch that is too old", "start demo --wait", changing(t, "", []string{`ERROR {"kind":"Status","code":410}`}, []string{"ADDED " + instanceAs("a", "Running", "")}),
			0, "VM demo was scheduled to start\nVM demo is running\n", ""},
		{"a restart", "restart demo --wait", changing(t, instanceAs("a", "Running", ""), []string{"DELETED " + instanceAs("a", "Succeeded", ""), "ADDED " + instanceAs("b", "Running", "")}),
			0, "VM demo was scheduled to restart\nVM demo is running\n", "VM demo: Running\nVM demo: without an instance\n"},
		{"a stop", "stop demo --wait", changing(t, instanceAs("a", "Running", ""), []string{"DELETED " + instanceAs("a", "Succeeded", "")}),
			0, "VM demo was scheduled to stop\nVM demo has stopped\n", "VM demo: Running\n"},
		{"a stop of what has ended already", "stop demo --wait", changing(t, ""), 0, "VM demo was scheduled to stop\nVM demo has stopped\n", ""},
	} {
		got := newCluster(t, c.answers).run(t, strings.Fields(c.args)...)
		if got.code != c.code || got.out != c.out || c.errOut != "" && got.errOut != c.errOut {
			t.Errorf("%s: %+v\nwant %q and %q", c.name, got, c.out, c.errOut)
		}
	}
}

func TestWaitingIsRefused(t *testing.T) {
	cluster := newCluster(t, nil)
	for args, want := range map[string]string{
		"start demo --timeout=1m":          "--timeout goes with --wait",
		"stop demo --wait --timeout=0":     "has to be more than 0",
		"restart demo --wait --dry-run":    "exclude each other",
		"start demo --wait --timeout=soon": "invalid argument",
	} {
		if got := cluster.run(t, strings.Fields(args)...); got.code != 1 || !strings.Contains(got.errOut, want) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
	if seen := cluster.requests(); len(seen) > 0 {
		t.Errorf("requests were sent: %v", seen)
	}
}

func TestWaitingOnATerminalAndItsInterrupt(t *testing.T) {
	cluster := newCluster(t, changing(t, instanceAs("a", "Scheduling", "")))
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no terminal: %v", err)
	}
	defer screen.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seen := newTranscript()
	go func() {
		// It ends with the terminal.
		buffer := make([]byte, 4096)
		for {
			n, err := screen.Read(buffer)
			if err != nil {
				return
			}
			seen.Write(buffer[:n])
		}
	}()
	ended := make(chan int, 1)
	kubeconfig := cluster.kubeconfig(t)
	go func() {
		ended <- Run(ctx, []string{"virtctl", "--kubeconfig", kubeconfig, "start", "demo", "--wait"}, strings.NewReader(""), terminal, terminal)
	}()
	seen.await(t, "\r\x1b[K0s  VM demo: Scheduling")
	cancel()
	if code := <-ended; code != exitInterrupted {
		t.Errorf("exit code %d after an interrupt", code)
	}
	seen.await(t, "Scheduling\r\x1b[K")
	terminal.Close()
}
