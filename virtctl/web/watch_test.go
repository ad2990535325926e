// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const (
	machinesPath  = "GET /apis/kubevirt.io/v1/namespaces/lab/virtualmachines"
	instancesPath = "GET /apis/kubevirt.io/v1/namespaces/lab/virtualmachineinstances"
)

// resource answers lists from items and watches from events, which end with the channel.
func resource(items string, version int, events <-chan string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") == "" {
			fmt.Fprintf(w, `{"metadata":{"resourceVersion":"%d"},"items":[%s]}`, version, items)
			return
		}
		w.(http.Flusher).Flush()
		for {
			select {
			case e, open := <-events:
				if !open {
					return
				}
				fmt.Fprintln(w, e)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
}

func machine(name, status string) string {
	return fmt.Sprintf(`{"metadata":{"namespace":"lab","name":"%s","resourceVersion":"7"},"spec":{"runStrategy":"Always"},"status":{"printableStatus":"%s"}}`, name, status)
}

func instance(name, phase string) string {
	return fmt.Sprintf(`{"metadata":{"namespace":"lab","name":"%s","resourceVersion":"8"},"status":{"phase":"%s","nodeName":"node1",
		"interfaces":[{"ipAddress":"10.1.2.3"}],"guestOSInfo":{"prettyName":"Debian 13"}}}`, name, phase)
}

// page keeps what a page would show.
type pageState struct {
	conn   *websocket.Conn
	rows   map[string]row
	listed bool
	// err is what is told to be wrong now, and wrong everything that was.
	err   *failure
	wrong []string
}

func (p *pageState) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		var n news
		p.conn.SetReadDeadline(time.Now().Add(15 * time.Second))
		if err := p.conn.ReadJSON(&n); err != nil {
			t.Fatalf("waiting for %s: %v, with %+v", what, err, p.rows)
		}
		for _, r := range n.Rows {
			p.rows[r.Namespace+"/"+r.Name] = r
		}
		for _, key := range n.Gone {
			delete(p.rows, key)
		}
		p.listed, p.err = p.listed || n.Listed, n.Error
		if n.Error != nil {
			p.wrong = append(p.wrong, n.Error.Message)
		}
	}
}

func TestWatchTellsOfMachinesAndInstances(t *testing.T) {
	machineEvents, instanceEvents := make(chan string), make(chan string)
	c := newCluster(t, map[string]http.HandlerFunc{
		machinesPath:  resource(machine("web", "Stopped")+","+machine("old", "Stopped"), 5, machineEvents),
		instancesPath: resource(instance("lone", "Running"), 6, instanceEvents),
	})
	s := newSite(t, c, Options{View: Machines})
	conn, answer := s.socket(t, "/api/watch?namespace=lab")
	if conn == nil {
		t.Fatalf("%+v", answer)
	}
	p := &pageState{conn: conn, rows: map[string]row{}}
	p.until(t, "the list", func() bool { return p.listed })
	if len(p.rows) != 3 || p.rows["lab/web"].Status != "Stopped" || p.rows["lab/web"].Instance || p.rows["lab/web"].RunStrategy != "Always" {
		t.Errorf("%+v", p.rows)
	}
	if r := p.rows["lab/lone"]; r.Machine || r.Status != "Running" || r.Node != "node1" || r.Address != "10.1.2.3" || r.System != "Debian 13" || !r.Screen || !r.Serial {
		t.Errorf("%+v", r)
	}
	instanceEvents <- `{"type":"ADDED","object":` + instance("web", "Running") + `}`
	machineEvents <- `{"type":"MODIFIED","object":` + machine("web", "Running") + `}`
	p.until(t, "a start", func() bool {
		r := p.rows["lab/web"]
		return r.Status == "Running" && r.Phase == "Running" && r.Node == "node1"
	})
	machineEvents <- `{"type":"DELETED","object":` + machine("old", "Stopped") + `}`
	p.until(t, "a deletion", func() bool { _, there := p.rows["lab/old"]; return !there })
	instanceEvents <- `{"type":"DELETED","object":` + instance("web", "Succeeded") + `}`
	p.until(t, "a stop", func() bool { return !p.rows["lab/web"].Instance })
	machineEvents <- `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"90"}}}`
	close(machineEvents) // the server ends a watch now and then
	deadline := time.After(10 * time.Second)
	for {
		for _, r := range c.requests() {
			if r == machinesPath+"?allowWatchBookmarks=true&resourceVersion=90&watch=true" {
				return
			}
		}
		select {
		case <-deadline:
			t.Fatalf("it did not go on at the bookmark: %q", c.requests())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestWatchListsAgainWhenItsPlaceIsForgotten(t *testing.T) {
	events := make(chan string, 1)
	events <- `{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}`
	lists := 0
	c := newCluster(t, map[string]http.HandlerFunc{instancesPath: resource("", 1, nil)})
	c.answers[machinesPath] = func(w http.ResponseWriter, r *http.Request) {
		items := machine("a", "Stopped") + "," + machine("b", "Stopped")
		if r.URL.Query().Get("watch") == "" {
			if lists++; lists > 1 {
				items = machine("b", "Stopped") + "," + machine("c", "Stopped")
			}
		}
		resource(items, lists, events)(w, r)
	}
	s := newSite(t, c, Options{View: Machines})
	conn, _ := s.socket(t, "/api/watch?namespace=lab")
	p := &pageState{conn: conn, rows: map[string]row{}}
	p.until(t, "the second list", func() bool { _, c := p.rows["lab/c"]; _, a := p.rows["lab/a"]; return c && !a })
	if len(p.wrong) > 0 {
		t.Errorf("the page was told %q", p.wrong)
	}
}

func TestWatchTellsWhatIsRefusedUntilItIsNot(t *testing.T) {
	allowed := make(chan struct{})
	c := newCluster(t, map[string]http.HandlerFunc{instancesPath: resource("", 1, nil)})
	c.answers[machinesPath] = func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-allowed:
			resource(machine("web", "Stopped"), 1, nil)(w, r)
		default:
			refusing(403, "Forbidden", "virtualmachines.kubevirt.io is forbidden")(w, r)
		}
	}
	s := newSite(t, c, Options{View: Machines})
	conn, _ := s.socket(t, "/api/watch?namespace=lab")
	p := &pageState{conn: conn, rows: map[string]row{}}
	p.until(t, "the refusal", func() bool { return p.err != nil })
	if p.err.Code != 403 || p.err.Message != "virtualmachines.kubevirt.io is forbidden" {
		t.Errorf("%+v", p.err)
	}
	close(allowed)
	p.until(t, "the list", func() bool { return p.listed && p.err == nil && len(p.rows) == 1 })
}

func TestRow(t *testing.T) {
	paused := instanceFacts{phase: "Running", paused: true}
	for _, c := range []struct {
		name     string
		machine  *machineFacts
		instance *instanceFacts
		want     string
	}{
		{"a machine has the last word", &machineFacts{status: "Paused"}, &paused, "Paused"},
		{"an instance of its own", nil, &paused, "Paused"},
		{"a machine that nothing is said of yet", &machineFacts{}, &instanceFacts{phase: "Scheduling"}, "Scheduling"},
	} {
		if got := rowOf(place{"lab", "web"}, c.machine, c.instance); got.Status != c.want {
			encoded, _ := json.Marshal(got)
			t.Errorf("%s: %s", c.name, encoded)
		}
	}
}
