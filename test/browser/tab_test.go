// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	// patience is how long a page may take for anything.
	patience = 30 * time.Second
	// glance is the pause between two looks at a page: there is no event for everything that one can see.
	glance = 20 * time.Millisecond
)

// tab is a tab of Chromium. It fails its test when the page has complained in its console.
type tab struct {
	ctx context.Context
	// mu guards complaints and forgiven.
	mu         sync.Mutex
	complaints []string
	// forgiven are parts of complaints that the test provokes.
	forgiven []string
}

func newTab(t *testing.T, options ...chromedp.ContextOption) *tab {
	t.Helper()
	b := &tab{}
	ctx, end := chromedp.NewContext(chromium, append(options, chromedp.WithListener(b.listen))...)
	b.ctx = ctx
	t.Cleanup(func() {
		end()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Errorf("the page complains: %s", c)
		}
	})
	return b
}

func (b *tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		b.complain(text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			text := ""
			for _, a := range e.Args {
				text += string(a.Value) + a.Description + " "
			}
			b.complain(text)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity || e.Entry.Source == log.EntrySourceViolation {
			b.complain(fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.forgiven {
		if strings.Contains(text, f) {
			return
		}
	}
	b.complaints = append(b.complaints, text)
}

// forgive leaves out complaints that the test provokes.
func (b *tab) forgive(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgiven = append(b.forgiven, part)
}

func (b *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// open loads a page. The first use of a tab has no time limit, because the limit would be the tab's.
func (b *tab) open(t *testing.T, link string) {
	t.Helper()
	if err := chromedp.Do(b.ctx); err != nil {
		t.Fatal(err)
	}
	b.do(t, chromedp.Navigate(link))
}

// eval returns what an expression of JavaScript, or a promise of it, gives in the page.
func eval[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise, withGesture))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// withGesture has the browser take a script for something that the user does.
func withGesture(p *runtime.EvaluateParams) {
	yes := true
	p.UserGesture = &yes
}

// until waits for an expression to be true.
func (b *tab) until(t *testing.T, what, expression string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(glance) {
		if eval[bool](t, b, "Boolean("+expression+")") {
			return
		}
		if time.Since(begin) > patience {
			t.Fatalf("%s has not come; the page shows:\n%s", what, eval[string](t, b, "document.body.innerText"))
		}
	}
}

// status waits for the words in the status line of a guest's page.
func (b *tab) status(t *testing.T, words string) {
	t.Helper()
	b.until(t, "the status "+words, fmt.Sprintf("document.getElementById('status').textContent.includes(%q)", words))
}

// click clicks the middle of what a selector of CSS finds.
func (b *tab) click(t *testing.T, selector string) {
	t.Helper()
	b.do(t, chromedp.Click(chromedp.CSS(selector)))
}

// press presses keys in the tab, which is then the one in sight.
func (b *tab) press(t *testing.T, keys string) {
	t.Helper()
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, page.BringToFront, cdp.Empty{}); err != nil {
			return err
		}
		for _, key := range keys {
			for _, event := range strokes(key) {
				if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, *event); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// strokes returns what a keyboard does for a character: one press with a text, which the page may keep from being typed.
func strokes(key rune) []*input.DispatchKeyEventParams {
	var events []*input.DispatchKeyEventParams
	for _, event := range kb.Encode(key) {
		if event.Type != kb.KeyChar {
			events = append(events, event)
			continue
		}
		down := events[len(events)-1]
		down.Type, down.Text, down.UnmodifiedText = kb.KeyDown, event.Text, event.UnmodifiedText
	}
	return events
}

// shown waits until a terminal shows text.
func (b *tab) shown(t *testing.T, text string) {
	t.Helper()
	b.until(t, text, fmt.Sprintf("%s.includes(%q)", terminalText, text))
}

// terminalText is what the terminal of a page shows.
const terminalText = `(document.querySelector('.xterm-rows')?.textContent ?? '').replaceAll('\u00a0', ' ')`

// eventually waits for something that the cluster has to see.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(glance) {
		if time.Since(begin) > patience {
			t.Fatalf("%s has not come", what)
		}
	}
}
