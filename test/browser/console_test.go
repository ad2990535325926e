// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

func TestTwoTabsOnOneSerialConsole(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "console", "demo", "--browser", "--no-open")
	c.serial.print("Debian GNU/Linux 13\r\n\r\ndemo login: ")
	first, second := newTab(t), newTab(t)
	first.open(t, v.link)
	first.shown(t, "demo login:")
	second.open(t, v.site())
	second.shown(t, "Debian GNU/Linux 13")
	first.status(t, "Connected")
	if n := c.serial.watched(); n != 2 {
		t.Errorf("%d viewers", n)
	}

	first.press(t, "root\r")
	eventually(t, "what was typed", func() bool { return c.serial.got() == "root\r" })
	second.shown(t, "demo login: root")
	c.serial.print("\r\n\x1b[1;32mroot@demo\x1b[0m:~# ")
	for _, b := range []*tab{first, second} {
		b.shown(t, "root@demo:~#")
	}
	if a, b := eval[string](t, first, terminalText), eval[string](t, second, terminalText); a != b {
		t.Errorf("the tabs differ:\n%s\n%s", a, b)
	}

	first.click(t, "#readonly")
	first.press(t, "x")
	first.click(t, "#readonly")
	first.press(t, "y") // is the next that arrives
	eventually(t, "a key", func() bool { return strings.HasSuffix(c.serial.got(), "y") })
	if got := c.serial.got(); got != "root\ry" {
		t.Errorf("typed %q", got)
	}
}

func TestSerialConsoleGoesOnWhereItWas(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "console", "demo", "--browser", "--no-open")
	c.serial.print(strings.Repeat("an older line\r\n", 5) + "marker one\r\n")
	b := newTab(t)
	b.open(t, v.link)
	b.shown(t, "marker one")
	c.serial.drop()
	c.serial.print("said while nobody listened\r\n")
	b.shown(t, "said while nobody listened")
	if n := eval[int](t, b, terminalText+".split('marker one').length - 1"); n != 1 {
		t.Errorf("the repeated output is shown %d times", n)
	}
	// The terminal must not answer what was asked before it came.
	c.serial.print("\x1b[6n")
	eventually(t, "an answer", func() bool { return strings.HasSuffix(c.serial.got(), "R") })
	answered := c.serial.got()
	c.serial.drop()
	c.serial.print("again\r\n")
	b.shown(t, "again")
	late := newTab(t)
	late.open(t, v.site())
	late.shown(t, "again")
	late.press(t, "q")
	eventually(t, "a key", func() bool { return strings.HasSuffix(c.serial.got(), "q") })
	if got := strings.TrimPrefix(c.serial.got(), answered); got != "q" {
		t.Errorf("old questions were answered: %q", got)
	}
}

// TestSerialConsoleByPosition has a server that need not repeat anything.
func TestSerialConsoleByPosition(t *testing.T) {
	c := newCluster(t)
	c.serial.run = "run-1"
	v := start(t, c, "console", "demo", "--browser", "--no-open")
	c.serial.print("marker one\r\n")
	b := newTab(t)
	b.open(t, v.link)
	b.shown(t, "marker one")
	c.serial.print("\x1b[5n") // the terminal's answer is the sign that it has read so far
	eventually(t, "an answer", func() bool { return strings.HasSuffix(c.serial.got(), "\x1b[0n") })
	c.serial.drop()
	const later = "marker two\r\n"
	c.serial.print(later)
	b.shown(t, "marker two")
	if n := eval[int](t, b, terminalText+".split('marker').length - 1"); n != 2 {
		t.Errorf("%d lines are shown", n)
	}
	c.serial.mu.Lock()
	repeated := c.serial.repeated
	c.serial.run = "run-2" // the guest starts anew
	c.serial.mu.Unlock()
	if repeated > len(later)+len("\x1b[0n") {
		t.Errorf("%d bytes came again", repeated)
	}
	c.serial.drop()
	c.serial.print("marker three\r\n")
	b.shown(t, "marker three")
}

func TestSerialConsoleOfAStoppedGuest(t *testing.T) {
	c := newCluster(t)
	const console = "GET " + subresources + "virtualmachineinstances/demo/console"
	c.on(console, refuse(404, "NotFound", `virtualmachineinstance.kubevirt.io "demo" not found`))
	v := start(t, c, "console", "demo", "--browser", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.status(t, `Waiting: virtualmachineinstance.kubevirt.io "demo" not found`)
	b.press(t, "x")
	b.until(t, "a hint", "document.getElementById('report').textContent.includes('goes nowhere')")
	c.on(console, nil)
	b.status(t, "Connected")
	c.on(console, refuse(400, "BadRequest", "No serial consoles are present."))
	c.serial.drop()
	b.status(t, "No serial consoles are present.")
	b.until(t, "a refusal", "document.getElementById('status').dataset.state === 'refused'")
}

// TestSerialConsoleKeepsUp has a guest print much more than a page may have before it.
func TestSerialConsoleKeepsUp(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "console", "demo", "--browser", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	b.status(t, "Connected")
	line := strings.Repeat("0123456789", 7) + "\r\n"
	begin, total := time.Now(), 0
	for n := range 400 {
		text := fmt.Sprintf("%d\r\n", n) + strings.Repeat(line, 300)
		total += len(text)
		c.serial.print(text)
	}
	c.serial.print("the end\r\n")
	b.shown(t, "the end")
	t.Logf("%d MB in %s", total>>20, time.Since(begin).Round(time.Millisecond))
	if c.serial.watched() != 1 {
		t.Error("the page lost its connection")
	}
}

func TestSerialConsoleLogAndCopy(t *testing.T) {
	c := newCluster(t)
	c.on("GET "+subresources+"virtualmachines/demo/log", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "from the first boot on\n")
	})
	v := start(t, c, "console", "demo", "--browser", "--no-open")
	b := newTab(t)
	b.open(t, v.link)
	c.serial.print("some words to copy\r\n")
	b.shown(t, "some words")
	allow(t, b)
	b.click(t, "#copy")
	b.until(t, "the copy", "navigator.clipboard.readText().then((t) => document.body.dataset.copied = t) && document.body.dataset.copied === 'some words to copy\\n'")
	eval[bool](t, b, "navigator.clipboard.writeText('one\\ntwo').then(() => true)")
	b.click(t, "#paste")
	eventually(t, "what was pasted", func() bool { return c.serial.got() == "one\rtwo" })

	files := t.TempDir()
	b.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := cdp.Call(ctx, chromedp.FromContext(ctx).Browser, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
			Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: files})
		return err
	}))
	b.click(t, `[popovertarget="more"]`)
	b.click(t, "#log")
	eventually(t, "the log", func() bool {
		content, _ := os.ReadFile(filepath.Join(files, "demo.log"))
		return string(content) == "from the first boot on\n"
	})

	// The guest's own words cannot become part of the page.
	c.serial.print("<img src=x onerror=document.title='taken'>\x1b]0;taken\x07\x1b]8;;javascript:document.title='taken'\x07link\x1b]8;;\x07\r\n")
	b.shown(t, "<img src=x")
	if got := eval[string](t, b, "document.title"); got != "demo - serial console" {
		t.Errorf("title %q", got)
	}
	if n := eval[int](t, b, "document.querySelectorAll('#terminal img, #terminal a').length"); n != 0 {
		t.Error("the guest has made markup")
	}

	before := eval[float64](t, b, "document.querySelector('.xterm-rows > div').getBoundingClientRect().height")
	b.click(t, "#larger")
	b.until(t, "larger text", fmt.Sprintf("document.querySelector('.xterm-rows > div').getBoundingClientRect().height > %f", before))
	b.click(t, `[popovertarget="more"]`)
	b.click(t, "#size")
	eventually(t, "the size", func() bool { return strings.Contains(c.serial.got(), "stty rows ") })
}

func TestSerialConsoleToWatchOnly(t *testing.T) {
	c := newCluster(t)
	v := start(t, c, "console", "demo", "--browser", "--no-open", "--read-only")
	b := newTab(t)
	b.open(t, v.link)
	b.status(t, "Connected")
	if n := c.asked("/console?position=&readOnly=true"); n != 1 {
		t.Errorf("asked %d times for a console to watch only", n)
	}
	b.until(t, "a button that tells", "document.getElementById('readonly').disabled && document.getElementById('readonly').ariaPressed === 'true'")
	b.press(t, "x")
	c.serial.print("after the key\r\n")
	b.shown(t, "after the key")
	if got := c.serial.got(); got != "" {
		t.Errorf("typed %q", got)
	}
}
