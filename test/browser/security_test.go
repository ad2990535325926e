// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestALinkWorksOnce(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "vnc", "demo", "--browser", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.picture(t, c.screen)
	other := newTab(t, chromedp.WithNewBrowserContext())
	other.forgive("410")
	other.open(t, v.link)
	other.status(t, "opened before")
	without := newTab(t, chromedp.WithNewBrowserContext())
	without.open(t, v.site())
	without.status(t, "did not open a link")

	allow(t, b)
	b.click(t, "#invite")
	b.until(t, "another link", "navigator.clipboard.readText().then((t) => document.body.dataset.link = t) && document.body.dataset.link?.includes('#')")
	other.open(t, eval[string](t, b, "document.body.dataset.link"))
	other.picture(t, c.screen)
	if n := c.screen.watched(); n != 2 {
		t.Errorf("%d viewers", n)
	}
}

// TestAnotherSiteInTheSameBrowser has a page of another port of this machine, to which browsers send the cookie as well,
// try what it can.
func TestAnotherSiteInTheSameBrowser(t *testing.T) {
	c := newCluster(t)
	c.put("virtualmachines", "demo", running())
	c.put("virtualmachineinstances", "demo", runs())
	c.on("GET "+subresources+"virtualmachineinstances/demo/vnc/screenshot", picture)
	v := start(t, c, "ui", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.cardSays(t, "demo", "Running")

	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>evil</title>")
	}))
	defer evil.Close()
	e := newTab(t)
	for _, part := range []string{"WebSocket connection", "CORS", "ERR_FAILED", "403", "ERR_BLOCKED", "Refused to", "frame-ancestors", "X-Frame-Options"} {
		e.forgive(part)
	}
	e.open(t, evil.URL)
	site := v.site()
	got := eval[string](t, e, fmt.Sprintf(`(async () => {
		const site = %q, done = [];
		const attempt = async (name, f) => { try { done.push(name + ': ' + await f()) } catch (e) { done.push(name + ': blocked') } };
		await attempt('read', async () => (await fetch(site + '/api/about', {credentials: 'include'})).status);
		await attempt('verb', async () => (await fetch(site + '/api/virtualmachines/lab/demo/stop', {method: 'PUT', body: '{}', credentials: 'include'})).status);
		await attempt('simple', async () => (await fetch(site + '/api/invitation', {method: 'POST', mode: 'no-cors', credentials: 'include'})).type);
		await attempt('socket', () => new Promise((resolve, reject) => {
			const s = new WebSocket(site.replace('http', 'ws') + '/api/stream/console/lab/demo', ['v1.virtctl']);
			s.onopen = () => resolve('open'); s.onerror = () => reject(new Error('no'));
		}));
		await attempt('picture', () => new Promise((resolve, reject) => {
			const i = new Image(); i.onload = () => resolve('shown'); i.onerror = () => reject(new Error('no'));
			i.src = site + '/api/screenshot/lab/demo';
		}));
		await attempt('script', () => new Promise((resolve, reject) => {
			const s = document.createElement('script'); s.type = 'module'; s.onload = () => resolve('run'); s.onerror = () => reject(new Error('no'));
			s.src = site + '/assets/page/js/session.js'; document.head.append(s);
		}));
		await attempt('frame', () => new Promise((resolve) => {
			const f = document.createElement('iframe'); f.src = site + '/'; f.onload = () => {
				try { resolve(f.contentDocument ? 'seen' : 'blocked') } catch { resolve('blocked') }
			}; document.body.append(f);
		}));
		return done.join('\n');
	})()`, site))
	for _, line := range strings.Split(got, "\n") {
		// What a request without CORS gives back is opaque, whatever the answer was.
		if !strings.HasSuffix(line, ": blocked") && line != "simple: opaque" {
			t.Errorf("another site can %s", line)
		}
	}
	if n := c.asked("PUT ") + c.asked("/console"); n != 0 {
		t.Errorf("the cluster was asked %d times", n)
	}
}
