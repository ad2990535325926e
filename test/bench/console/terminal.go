// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"k8s.io/client-go/rest"
)

const (
	password = "virtplane"
	// prompt is what the guest's shell asks with.
	prompt = "# "
)

// terminal is an open serial console.
type terminal struct{ conn *websocket.Conn }

// open connects with the guest's console as any client does, by a connection of its own.
func (c *cluster) open(ctx context.Context) (*terminal, error) {
	tls, err := rest.TLSConfigFor(c.config)
	if err != nil {
		return nil, fail("load kubeconfig", err)
	}
	base, err := url.Parse(c.config.Host)
	if err != nil {
		return nil, fail("load kubeconfig", err)
	}
	base.Scheme = "wss"
	at := base.JoinPath("/apis/subresources.kubevirt.io/v1/namespaces", c.namespace, "virtualmachineinstances", guestName, "console")
	dialer := &websocket.Dialer{TLSClientConfig: tls, Subprotocols: []string{"plain.kubevirt.io"}, ReadBufferSize: 64 << 10}
	conn, resp, err := dialer.DialContext(ctx, at.String(), http.Header{})
	if err != nil {
		if resp != nil {
			return nil, fmt.Errorf("open console: %w: %s", err, resp.Status)
		}
		return nil, fail("open console", err)
	}
	return &terminal{conn}, nil
}

func (t *terminal) close() { t.conn.Close() }

// first waits for the first output.
func (t *terminal) first() error {
	if err := t.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, _, err := t.conn.ReadMessage()
	return err
}

func (t *terminal) send(text string) error {
	return t.conn.WriteMessage(websocket.BinaryMessage, []byte(text))
}

// expect reads until text has come and returns how many bytes have come by then.
func (t *terminal) expect(ctx context.Context, text string) (int, error) {
	total, _, err := t.until(ctx, text)
	return total, err
}

// read is expect that returns the last of what has come.
func (t *terminal) read(ctx context.Context, text string) ([]byte, error) {
	_, last, err := t.until(ctx, text)
	return last, err
}

// keep is how much of the last output until returns at least.
const keep = 1000

func (t *terminal) until(ctx context.Context, text string) (total int, last []byte, err error) {
	if err := t.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	for ctx.Err() == nil {
		_, output, err := t.conn.ReadMessage()
		if err != nil {
			return total, last, fmt.Errorf("wait for %q: %w after %q", text, err, last)
		}
		total += len(output)
		last = append(last, output...)
		if bytes.Contains(last, []byte(text)) {
			return total, last, nil
		}
		last = last[max(0, len(last)-keep):]
	}
	return total, last, ctx.Err()
}

// login opens the console and reaches a shell.
func (c *cluster) login(ctx context.Context) (*terminal, error) {
	t, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	for _, step := range []struct{ expect, send string }{{"login: ", "root\n"}, {"Password: ", password + "\n"}, {prompt, "stty -echo\n"}} {
		if _, err := t.expect(ctx, step.expect); err != nil {
			return nil, err
		}
		if err := t.send(step.send); err != nil {
			return nil, err
		}
	}
	return t, t.command(ctx, "true")
}

// command runs a command line in the guest and waits for its end.
func (t *terminal) command(ctx context.Context, line string) error {
	mark := fmt.Sprintf("end-%d", time.Now().UnixNano())
	if err := t.send(line + "; echo " + strings.Replace(mark, "-", "'-'", 1) + "\n"); err != nil {
		return err
	}
	_, err := t.expect(ctx, mark)
	return err
}
