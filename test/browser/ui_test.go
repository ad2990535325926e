// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func stopped() object {
	return object{"spec": object{"runStrategy": "Halted"}, "status": object{"printableStatus": "Stopped"}}
}

func running() object {
	return object{"spec": object{"runStrategy": "Always"}, "status": object{"printableStatus": "Running", "ready": true}}
}

func runs() object {
	return object{"status": object{"phase": "Running", "nodeName": "node1",
		"interfaces": []object{{"ipAddress": "10.1.2.3"}}, "guestOSInfo": object{"prettyName": "Debian 13"}}}
}

// card is the selector of a virtual machine's card.
func card(name string) string { return fmt.Sprintf(`[data-key="lab/%s"]`, name) }

func (b *tab) cardSays(t *testing.T, name, text string) {
	t.Helper()
	b.until(t, name+" "+text, fmt.Sprintf("(document.querySelector(%q)?.innerText ?? '').includes(%q)", card(name), text))
}

func picture(w http.ResponseWriter, _ *http.Request) {
	img := image.NewRGBA(image.Rect(0, 0, 64, 40))
	img.Set(1, 1, color.White)
	w.Header().Set("Content-Type", "image/png")
	png.Encode(w, img)
}

func TestListOfMachines(t *testing.T) {
	c := newCluster(t)
	c.put("virtualmachines", "web", stopped())
	c.put("virtualmachines", "demo", running())
	c.put("virtualmachineinstances", "demo", runs())
	screenshot := "GET " + subresources + "virtualmachineinstances/demo/vnc/screenshot"
	c.on(screenshot, picture)
	v := start(t, c, "ui", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.cardSays(t, "demo", "Running")
	b.cardSays(t, "demo", "node1 · 10.1.2.3 · Debian 13")
	b.cardSays(t, "web", "Stopped")
	b.until(t, "a picture of the screen", fmt.Sprintf("document.querySelector('%s img').naturalWidth === 64", card("demo")))
	if n := c.asked("web/vnc/screenshot"); n != 0 {
		t.Errorf("asked %d times for the screen of a stopped machine", n)
	}
	b.until(t, "the order of names", "[...document.querySelectorAll('.card')].map((c) => c.dataset.key).join() === 'lab/demo,lab/web'")

	c.on("PUT "+subresources+"virtualmachines/web/start", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		c.put("virtualmachines", "web", object{"spec": object{"runStrategy": "Always"}, "status": object{"printableStatus": "Starting"}})
		c.put("virtualmachineinstances", "web", object{"status": object{"phase": "Scheduling"}})
	})
	b.click(t, card("web")+` [data-verb="start"]`)
	b.cardSays(t, "web", "Starting")
	if n := c.asked("PUT " + subresources + "virtualmachines/web/start {}"); n != 1 {
		t.Errorf("%d starts", n)
	}
	b.until(t, "other buttons", fmt.Sprintf(`document.querySelector('%s [data-verb="start"]').hidden && !document.querySelector('%[1]s [data-verb="stop"]').hidden`, card("web")))

	// Stopping asks first.
	stop := "PUT " + subresources + "virtualmachines/demo/stop"
	c.on(stop, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	b.click(t, card("demo")+` [data-verb="stop"]`)
	b.until(t, "a question", "document.getElementById('confirm').open && document.getElementById('confirm').innerText.includes('Stop demo in lab?')")
	b.click(t, `#confirm [value="no"]`)
	b.click(t, card("demo")+` [data-verb="stop"]`)
	b.click(t, `#confirm [data-part="force"]`)
	b.click(t, `#confirm [value="yes"]`)
	eventually(t, "a forced stop", func() bool { return c.asked(stop+` {"gracePeriod":0}`) == 1 })
	if n := c.asked(stop); n != 1 {
		t.Errorf("%d stops", n)
	}

	b.forgive("409") // Chromium tells of every answer that is an error
	c.on("PUT "+subresources+"virtualmachineinstances/demo/pause", refuse(409, "Conflict", "VMI is already paused"))
	b.click(t, card("demo")+` [data-verb="pause"]`)
	b.cardSays(t, "demo", "pause demo: VMI is already paused")

	c.remove("virtualmachineinstances", "demo")
	c.put("virtualmachines", "demo", stopped())
	b.cardSays(t, "demo", "Stopped")
	b.until(t, "no old picture", fmt.Sprintf("document.querySelector('%s img').hidden", card("demo")))
	c.remove("virtualmachines", "web")
	c.remove("virtualmachineinstances", "web")
	b.until(t, "a deletion", fmt.Sprintf("!document.querySelector('%s')", card("web")))
}

func TestListLeadsToConsolesAndEvents(t *testing.T) {
	c := newCluster(t)
	c.put("virtualmachines", "demo", running())
	c.put("virtualmachineinstances", "demo", runs())
	c.on("GET "+subresources+"virtualmachineinstances/demo/vnc/screenshot", picture)
	c.on("GET /api/v1/namespaces/lab/events", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(object{"items": []object{{"type": "Warning", "reason": "FailedMount", "message": "<b>no disk</b>", "count": 3,
			"lastTimestamp": "2026-01-02T03:04:05Z", "involvedObject": object{"kind": "VirtualMachineInstance"}}}})
	})
	v := start(t, c, "ui", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.cardSays(t, "demo", "Running")
	b.click(t, card("demo")+` [data-part="events"]`)
	b.until(t, "the event", "document.getElementById('events').innerText.includes('<b>no disk</b> (3 times)')")
	b.click(t, "#events form button")

	for part, title := range map[string]string{"vnc": "demo - screen", "console": "demo - serial console"} {
		href := eval[string](t, b, fmt.Sprintf("document.querySelector('%s [data-part=\"%s\"]').href", card("demo"), part))
		guest := newTab(t)
		guest.open(t, href)
		guest.status(t, "Connected")
		if got := eval[string](t, guest, "document.title"); got != title {
			t.Errorf("%s: title %q", href, got)
		}
	}

	b.do(t, chromedp.SetValue(chromedp.CSS("#filter"), "debian nowhere"))
	eval[bool](t, b, "document.getElementById('filter').dispatchEvent(new Event('input'))")
	b.until(t, "a filter", fmt.Sprintf("document.querySelector('%s').hidden", card("demo")))
}

func TestListTellsWhatIsRefused(t *testing.T) {
	c := newCluster(t)
	c.on("GET /apis/kubevirt.io/v1/virtualmachines", refuse(403, "Forbidden", `virtualmachines.kubevirt.io is forbidden: User "jane" cannot list`))
	c.on("GET /apis/kubevirt.io/v1/virtualmachineinstances", refuse(403, "Forbidden", `virtualmachineinstances.kubevirt.io is forbidden`))
	c.put("virtualmachines", "web", stopped())
	v := start(t, c, "ui", "--no-open", "--all-namespaces")
	b := newTab(t)
	b.open(t, v.link)
	b.until(t, "the refusal", `document.getElementById('status').textContent.includes('User "jane" cannot list')`)
	b.do(t, chromedp.SetValue(chromedp.CSS("#namespace"), "lab"))
	eval[bool](t, b, "document.getElementById('namespace').dispatchEvent(new Event('change'))")
	b.cardSays(t, "web", "Stopped")
	b.until(t, "no refusal", "document.getElementById('status').hidden")
	b.until(t, "the namespaces", "[...document.querySelectorAll('#namespaces option')].map((o) => o.value).join() === 'lab,shop'")
}

func TestPagesForEverybody(t *testing.T) {
	c := newCluster(t)
	c.put("virtualmachines", "demo", running())
	c.put("virtualmachineinstances", "demo", runs())
	c.on("GET "+subresources+"virtualmachineinstances/demo/vnc/screenshot", picture)
	v := start(t, c, "ui", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.cardSays(t, "demo", "Running")
	for _, path := range []string{"/?namespace=lab", "/vnc/lab/demo", "/console/lab/demo"} {
		for _, scheme := range []string{"light", "dark"} {
			b.do(t, chromedp.EmulateViewport(360, 740), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
				_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				return err
			}))
			b.open(t, v.site()+path)
			b.until(t, "the page", "document.querySelector('.card [data-verb], canvas, .xterm-rows')")
			if over := eval[int](t, b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s: %d pixels too wide for a phone", path, over)
			}
			ground := eval[string](t, b, "getComputedStyle(document.body).backgroundColor")
			if want := map[string]string{"light": "rgb(244, 246, 248)", "dark": "rgb(20, 24, 29)"}[scheme]; ground != want {
				t.Errorf("%s: %s in %s", path, ground, scheme)
			}
			nameless := eval[[]string](t, b, `[...document.querySelectorAll('button, input, select, textarea:not(.xterm-helper-textarea), a')]
				.filter((e) => !(e.innerText || e.textContent.trim() || e.ariaLabel || e.title || e.labels?.[0]?.innerText))
				.map((e) => e.outerHTML)`)
			if len(nameless) > 0 {
				t.Errorf("%s: without a name for screen readers: %q", path, nameless)
			}
		}
	}
}
