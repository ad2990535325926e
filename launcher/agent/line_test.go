// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// guestEnd connects to a new Line as QEMU does.
func guestEnd(t *testing.T) (*Line, net.Conn) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	dial := func() net.Conn {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	first := dial()
	// libvirt's connection is closed; that also tells that the first one was taken.
	if _, err := dial().Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("a second connection: %v", err)
	}
	return l, first
}

// serve answers synchronisations, with junk before, and each other question with what answer writes.
func serve(conn net.Conn, junk string, answer func(io.Writer)) {
	questions := bufio.NewReader(conn)
	for {
		question, err := questions.ReadBytes('\n')
		if err != nil {
			return
		}
		if _, rest, ok := bytes.Cut(question, []byte(`"id":`)); ok && question[0] == sentinel {
			fmt.Fprintf(conn, "%s\xff{\"return\": %s}\n", junk, bytes.TrimRight(rest, "}\n"))
			continue
		}
		answer(conn)
	}
}

func TestAnswersAreFoundBehindOldOnes(t *testing.T) {
	for name, junk := range map[string]string{
		"nothing":            "",
		"a late answer":      `{"return":[]}` + "\n",
		"half an answer":     `{"return":[{"na`,
		"an old one in sync": "\xff{\"return\": 1}\n{\"return\":{}}\n",
		"sentinels":          strings.Repeat("\xff", 1000),
		"nonsense":           strings.Repeat("\x00\xfe{[\"\n", 100000),
		"a very long line":   strings.Repeat("x", 8<<20),
	} {
		t.Run(name, func(t *testing.T) {
			l, conn := guestEnd(t)
			go serve(conn, junk, func(w io.Writer) { fmt.Fprint(w, "{\"return\": {\"pid\": 7}}\n{\"return\": \"twice\"}\n") })
			for range 3 {
				reply, err := l.AgentCommand(`{"execute":"guest-exec"}`, time.Second)
				if err != nil || reply != `{"return": {"pid": 7}}` {
					t.Fatalf("got %q, %v", reply, err)
				}
			}
		})
	}
}

func TestRefusalsAreErrors(t *testing.T) {
	l, conn := guestEnd(t)
	go serve(conn, "", func(w io.Writer) {
		fmt.Fprintln(w, `{"error": {"class": "CommandNotFound", "desc": "The command x has not been found"}}`)
	})
	if _, err := l.AgentCommand(`{"execute":"x"}`, time.Second); err == nil || err.Error() != "The command x has not been found" {
		t.Errorf("got %v", err)
	}
}

// Whoever floods the channel gets neither memory nor more time than others.
func TestEndlessAnswersAreGivenUp(t *testing.T) {
	endless := func(text string) func(io.Writer) {
		block := strings.Repeat(text, (1<<20)/len(text))
		return func(w io.Writer) {
			for {
				if _, err := io.WriteString(w, block); err != nil {
					return
				}
			}
		}
	}
	for name, tc := range map[string]struct {
		answer func(io.Writer)
		want   string
	}{
		"one line":     {endless("{},"), ErrSilent.Error()},
		"large":        {func(w io.Writer) { fmt.Fprintln(w, strings.Repeat("x", 3<<20)) }, "an answer of 3145729 bytes, at most 1048576 are read"},
		"nothing":      {func(io.Writer) {}, ErrSilent.Error()},
		"half, closed": {func(w io.Writer) { fmt.Fprint(w, `{"return":`); w.(io.Closer).Close() }, ErrSilent.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			l, conn := guestEnd(t)
			go serve(conn, "", tc.answer)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			_, err := l.AgentCommand(`{"execute":"x"}`, time.Second)
			if err == nil || err.Error() != tc.want {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			// A second one, which has to get past what is left of the first.
			_, _ = l.AgentCommand(`{"execute":"x"}`, time.Second)
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
				t.Errorf("%d MiB are held", grown>>20)
			}
		})
	}
}

func TestWithoutQEMUNobodyAnswers(t *testing.T) {
	l, err := Listen(filepath.Join(t.TempDir(), "agent"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.listener.Close()
	if _, err := l.AgentCommand("{}", time.Second); !errors.Is(err, ErrSilent) {
		t.Errorf("got %v", err)
	}
}
