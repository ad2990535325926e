// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// picture waits until the canvas has the colours of the screen's halves.
func (b *tab) picture(t *testing.T, s *screen) {
	t.Helper()
	s.mu.Lock()
	left, right := s.left, s.right
	s.mu.Unlock()
	b.until(t, "the picture", fmt.Sprintf(`(() => {
		const canvas = document.querySelector('#screen canvas');
		if (!canvas || canvas.width !== %d || canvas.height !== %d) return false;
		const at = (x) => [...canvas.getContext('2d').getImageData(x, 100, 1, 1).data.slice(0, 3)].join();
		return at(20) === '%d,%d,%d' && at(300) === '%d,%d,%d';
	})()`, screenWidth, screenHeight, left[0], left[1], left[2], right[0], right[1], right[2]))
}

// keys waits until the screen has heard all of some keys in this order, and nothing between.
func (s *screen) keys(t *testing.T, want ...string) {
	t.Helper()
	var heard []string
	eventually(t, strings.Join(want, ", "), func() bool {
		heard = append(heard, s.take()...)
		heard = slices.DeleteFunc(heard, func(h string) bool { return strings.HasPrefix(h, "shared") })
		return len(heard) >= len(want)
	})
	if !slices.Equal(heard, want) {
		t.Errorf("the guest has got %q, want %q", heard, want)
	}
}

func TestScreen(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "vnc", "demo", "--browser", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.status(t, "Connected")
	b.picture(t, c.screen)
	if got := eval[string](t, b, "location.href"); strings.Contains(got, "#") || strings.Contains(got, clusterToken) {
		t.Errorf("the address still has the secret: %s", got)
	}
	if heard := c.screen.take(); !slices.Equal(heard, []string{"shared 1"}) {
		t.Errorf("the screen heard %q", heard)
	}

	b.press(t, "a")
	c.screen.keys(t, "down 61", "up 61")

	b.click(t, `[popovertarget="keys"]`)
	b.click(t, `#keys button`)
	c.screen.keys(t, "down ffe3", "down ffe9", "down ffff", "up ffff", "up ffe9", "up ffe3")
	b.press(t, "b") // the guest has the keyboard again
	c.screen.keys(t, "down 62", "up 62")

	b.click(t, "#readonly")
	b.press(t, "c")
	b.click(t, "#readonly")
	b.press(t, "d") // is the next that arrives
	c.screen.keys(t, "down 64", "up 64")

	if w := eval[float64](t, b, "document.querySelector('#screen canvas').getBoundingClientRect().width"); w < 2*screenWidth {
		t.Errorf("the picture is %f pixels wide in a large window", w)
	}
	eval[bool](t, b, "(() => { const s = document.getElementById('scale'); s.value = 'actual'; s.dispatchEvent(new Event('change')); return true })()")
	b.until(t, "the picture in its own size", fmt.Sprintf("document.querySelector('#screen canvas').getBoundingClientRect().width === %d", screenWidth))
	c.screen.take()
}

func TestScreenSharesTheClipboard(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "vnc", "demo", "--browser", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.picture(t, c.screen)
	c.screen.take()
	allow(t, b)

	c.screen.cut("from the guest")
	b.until(t, "the guest's text", "document.getElementById('clipboard-text').value === 'from the guest'")
	b.click(t, `[popovertarget="clipboard"]`)
	b.click(t, "#clipboard-copy")
	b.until(t, "the copy", "navigator.clipboard.readText().then((t) => document.body.dataset.copied = t) && document.body.dataset.copied === 'from the guest'")

	b.do(t, chromedp.SetValue(chromedp.CSS("#clipboard-text"), "for the guest"))
	b.click(t, "#clipboard-send")
	c.screen.keys(t, "cut for the guest")

	b.do(t, chromedp.SetValue(chromedp.CSS("#clipboard-text"), "Hi!\n"))
	b.click(t, "#clipboard-type")
	c.screen.keys(t, "down ffe1", "down 48", "up 48", "up ffe1", "down 69", "up 69", "down ffe1", "down 21", "up 21", "up ffe1", "down ff0d", "up ff0d")
}

// allow lets a page use the clipboard, as its user would.
func allow(t *testing.T, b *tab) {
	t.Helper()
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, name := range []string{"clipboard-read", "clipboard-write"} {
			_, err := cdp.Call(ctx, chromedp.FromContext(ctx).Browser, browser.SetPermission, browser.SetPermissionParams{
				Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted})
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestScreenComesBackByItself(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "vnc", "demo", "--browser", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.picture(t, c.screen)

	// The node plugin restarts.
	c.screen.drop()
	b.picture(t, c.screen)
	b.status(t, "Connected")

	// The guest stops, and starts again.
	const vnc = "GET " + subresources + "virtualmachineinstances/demo/vnc"
	c.on(vnc, refuse(400, "BadRequest", "VMI is not running"))
	c.screen.drop()
	b.status(t, "Waiting: VMI is not running")
	c.on(vnc, nil)
	b.picture(t, c.screen)
	b.status(t, "Connected")

	// Somebody takes the right away; the page does not insist.
	c.on(vnc, refuse(403, "Forbidden", `User "jane" cannot get resource "virtualmachineinstances/vnc"`))
	c.screen.drop()
	b.status(t, `User "jane" cannot get resource "virtualmachineinstances/vnc"`)
	b.until(t, "a refusal", "document.getElementById('status').dataset.state === 'refused'")
	c.on(vnc, nil)
	b.click(t, "#reconnect")
	b.picture(t, c.screen)

	// Somebody wants the screen alone; the page does not fight for it.
	asked := c.asked("/vnc")
	c.screen.dismiss("another viewer has asked for the screen alone")
	b.status(t, "Disconnected: another viewer has asked for the screen alone")
	b.until(t, "a refusal", "document.getElementById('status').dataset.state === 'refused'")
	if n := c.asked("/vnc"); n != asked {
		t.Errorf("the page asked %d times more", n-asked)
	}
	b.click(t, "#reconnect")
	b.picture(t, c.screen)

	b.forgive("WebSocket connection")
	b.forgive("ERR_CONNECTION_REFUSED")
	if err := v.interrupt(t); err != nil {
		t.Errorf("virtctl ended with %v", err)
	}
	b.status(t, "virtctl has ended")
}

func TestTwoTabsShareAScreen(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "vnc", "demo", "--browser", "--no-open")
	first, second := newTab(t), newTab(t)
	first.open(t, v.link)
	first.picture(t, c.screen)
	second.open(t, v.site()) // the same browser needs no link any more
	second.picture(t, c.screen)
	if n := c.screen.watched(); n != 2 {
		t.Errorf("%d viewers", n)
	}
	first.picture(t, c.screen)
}
