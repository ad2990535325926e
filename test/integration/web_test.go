// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// page is a page of virtctl, as far as a program can be one.
type page struct {
	t      *testing.T
	site   string
	client *http.Client
	key    string
}

// openPage has virtctl serve a page and opens its link.
func (v virtctlOf) openPage(args ...string) *page {
	v.t.Helper()
	link, _ := v.serve(`(http://127\.0\.0\.1:\d+)/\S*#([0-9a-f]{64})\n`, append(args, "--no-open")...)
	jar := must(cookiejar.New(nil))(v.t)
	p := &page{t: v.t, site: link[0], client: &http.Client{Jar: jar}}
	var member struct{ Key string }
	if code, body := p.ask(http.MethodPost, "/api/session", fmt.Sprintf(`{"token":%q}`, link[1])); code != http.StatusOK || json.Unmarshal([]byte(body), &member) != nil {
		v.t.Fatalf("open the link: %d %s", code, body)
	}
	p.key = member.Key
	return p
}

func (p *page) ask(method, path, body string) (int, string) {
	p.t.Helper()
	req := must(http.NewRequestWithContext(p.t.Context(), method, p.site+path, strings.NewReader(body)))(p.t)
	req.Header.Set("Origin", p.site)
	req.Header.Set("X-Virtctl-Key", p.key)
	answer := must(p.client.Do(req))(p.t)
	defer answer.Body.Close()
	return answer.StatusCode, string(must(io.ReadAll(answer.Body))(p.t))
}

func (p *page) socket(path string) *websocket.Conn {
	p.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"v1.virtctl", "key.virtctl." + p.key}}
	at := must(url.Parse(p.site + "/api/"))(p.t)
	header := http.Header{"Origin": {p.site}}
	for _, cookie := range p.client.Jar.Cookies(at) {
		header.Add("Cookie", cookie.String())
	}
	conn, _, err := dialer.DialContext(p.t.Context(), strings.Replace(p.site, "http", "ws", 1)+path, header)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	return conn
}

// row is what the list tells of a machine.
type row struct {
	Name, Status, Phase, Node string
	Machine, Instance         bool
}

// until reads the news of the list until the rows are as they should be.
func (p *page) until(conn *websocket.Conn, what string, rows map[string]row, ok func() bool) {
	p.t.Helper()
	for !ok() {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			p.t.Fatal(err)
		}
		var news struct {
			Rows  []row
			Gone  []string
			Error *struct{ Message string }
		}
		if err := conn.ReadJSON(&news); err != nil {
			p.t.Fatalf("%s: %v, the list has %+v", what, err, rows)
		}
		if news.Error != nil {
			p.t.Errorf("%s: %s", what, news.Error.Message)
		}
		for _, r := range news.Rows {
			rows[r.Name] = r
		}
		for _, key := range news.Gone {
			_, name, _ := strings.Cut(key, "/")
			delete(rows, name)
		}
	}
}

func TestVirtctlListsMachinesInTheBrowser(t *testing.T) {
	v := newVirtctl(t)
	p := v.openPage("ui")
	create(t, v.namespace, newVM("web", withStrategy(v1.RunStrategyHalted)))
	conn, rows := p.socket("/api/watch?namespace="+v.namespace), map[string]row{}
	p.until(conn, "a machine that was there", rows, func() bool { r := rows["web"]; return r.Machine && r.Status == "Stopped" })
	create(t, v.namespace, newVM("new", withStrategy(v1.RunStrategyHalted)))
	p.until(conn, "a new machine", rows, func() bool { return rows["new"].Machine })

	if code, body := p.ask(http.MethodPut, fmt.Sprintf("/api/virtualmachines/%s/web/start", v.namespace), "{}"); code != http.StatusAccepted {
		t.Errorf("start: %d %s", code, body)
	}
	if got := getVM(t, v.namespace, "web").EffectiveRunStrategy(); got != v1.RunStrategyAlways {
		t.Errorf("the run strategy after a start is %s", got)
	}
	vmi := createVMI(t, v.namespace, newVMI("web"))
	setPhase(t, vmi, v1.Running, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "node-of-web" })
	p.until(conn, "an instance", rows, func() bool { r := rows["web"]; return r.Machine && r.Phase == "Running" && r.Node == "node-of-web" })
	code, body := p.ask(http.MethodPut, fmt.Sprintf("/api/virtualmachines/%s/web/start", v.namespace), "{}")
	if code != http.StatusConflict || !strings.Contains(body, "VM is already running") {
		t.Errorf("start of a machine that runs: %d %s", code, body)
	}
	if code, body := p.ask(http.MethodGet, "/api/namespaces", ""); code != http.StatusOK || !strings.Contains(body, `"`+v.namespace+`"`) {
		t.Errorf("namespaces: %d %s", code, body)
	}
	if code, body := p.ask(http.MethodGet, fmt.Sprintf("/api/events/%s/web", v.namespace), ""); code != http.StatusOK {
		t.Errorf("events: %d %s", code, body)
	}
}

// TestVirtctlShowsGuestsInTheBrowser has pages of a user who may look at screens and do nothing else.
func TestVirtctlShowsGuestsInTheBrowser(t *testing.T) {
	node := startPlugin(t, "web-node")
	node.screen = true
	v := newVirtctl(t)
	runOn(t, v.namespace, "demo", node.node)
	node.drain()
	login := throughHost(t, "nobody")
	login.CertData, login.KeyData, login.BearerToken = nil, nil, viewerToken(t, v.namespace)
	p := v.as(login).openPage("vnc", "demo", "--browser")

	type opening struct {
		Open  bool
		Error *struct {
			Code    int
			Message string
		}
	}
	stream := func(kind string) (*websocket.Conn, opening) {
		conn := p.socket(fmt.Sprintf("/api/stream/%s/%s/demo", kind, v.namespace))
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		var first opening
		if err := conn.ReadJSON(&first); err != nil {
			t.Fatal(err)
		}
		return conn, first
	}
	eventually(t, "the screen", func(context.Context) error { // rights take a moment
		conn, first := stream("vnc")
		defer conn.Close()
		if !first.Open {
			return fmt.Errorf("%+v", first.Error)
		}
		<-node.asked
		if name, err := look(conn); err != nil || name != "guest" {
			return fmt.Errorf("sees %q, %w", name, err)
		}
		return nil
	})
	_, first := stream("console")
	if first.Open || first.Error == nil || first.Error.Code != http.StatusForbidden || !strings.Contains(first.Error.Message, `cannot get resource "virtualmachineinstances/console"`) {
		t.Errorf("a serial console without the right: %+v", first.Error)
	}
}
