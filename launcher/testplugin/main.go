// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command testplugin stands in for the node plugin when the launcher is tried by hand: it speaks
// the session protocol on a socket, prints what it is told and carries commands from its input.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/virtplane/virtplane/launcher/session"
)

var begun = time.Now()

func say(format string, args ...any) {
	fmt.Printf("[%7.3f] %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
}

// plugin serves one launcher.
type plugin struct {
	start   *session.Start
	console io.Writer

	// mu guards all below.
	mu       sync.Mutex
	session  *session.Conn
	keyboard *net.UnixConn
	offset   uint64
	commands uint64
}

func main() {
	socket := flag.String("socket", "session.sock", "Socket to listen on.")
	vmi := flag.String("vmi", "", "File with the VirtualMachineInstance as JSON.")
	interfaces := flag.String("interfaces", "", "File with the plumbed interfaces as JSON.")
	console := flag.String("console", "", "File that the serial console's output is appended to.")
	offset := flag.Uint64("offset", 0, "Offset from which the console is wanted.")
	flag.Parse()
	if err := run(*socket, *vmi, *interfaces, *console, *offset); err != nil {
		fmt.Fprintln(os.Stderr, "testplugin:", err)
		os.Exit(1)
	}
}

func run(socket, vmi, interfaces, console string, offset uint64) error {
	p := &plugin{start: &session.Start{}, console: io.Discard, offset: offset}
	raw, err := os.ReadFile(vmi)
	if err != nil {
		return err
	}
	p.start.VMI = raw
	if interfaces != "" {
		raw, err := os.ReadFile(interfaces)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &p.start.Interfaces); err != nil {
			return err
		}
	}
	if console != "" {
		f, err := os.OpenFile(console, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		p.console = f
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return err
	}
	if err := os.Chmod(socket, 0o666); err != nil {
		return err
	}
	go p.commandsFrom(os.Stdin)
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return err
		}
		go p.serve(conn)
	}
}

func (p *plugin) serve(sock *net.UnixConn) {
	defer sock.Close()
	conn := session.NewConn(sock, session.MaxFromLauncher)
	m, files, err := conn.Receive()
	for _, f := range files {
		f.Close()
	}
	if err != nil || m.Hello == nil {
		say("no hello: %v", err)
		return
	}
	say("hello %s with %d descriptors", m.Hello.Kind, len(files))
	if m.Hello.Kind == session.KindConsole {
		err = p.serveConsole(conn)
	} else {
		err = p.serveSession(conn)
	}
	say("%s ended: %v", m.Hello.Kind, err)
}

func (p *plugin) serveSession(conn *session.Conn) error {
	if err := conn.Send(&session.Message{Start: p.start}); err != nil {
		return err
	}
	p.mu.Lock()
	p.session = conn
	p.mu.Unlock()
	for {
		m, _, err := conn.Receive()
		if err != nil {
			return err
		}
		text, _ := json.Marshal(m)
		say("%s", text)
	}
}

func (p *plugin) serveConsole(conn *session.Conn) error {
	p.mu.Lock()
	offset := p.offset
	p.mu.Unlock()
	if err := conn.Send(&session.Message{Resume: &session.Resume{Offset: offset}}); err != nil {
		return err
	}
	m, _, err := conn.Receive()
	if err != nil || m.ConsoleStart == nil {
		return fmt.Errorf("no console start: %w", err)
	}
	say("console resumes at %d, wanted %d", m.ConsoleStart.Offset, offset)
	p.mu.Lock()
	p.keyboard, p.offset = conn.Socket(), m.ConsoleStart.Offset
	p.mu.Unlock()
	buf := make([]byte, 4096)
	for {
		n, err := conn.Socket().Read(buf)
		p.mu.Lock()
		p.offset += uint64(n)
		p.mu.Unlock()
		if _, err := p.console.Write(buf[:n]); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
}

// commandsFrom reads lines such as "pause", "shutdown 5", "keys root" and "drop".
func (p *plugin) commandsFrom(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		verb, argument, _ := strings.Cut(lines.Text(), " ")
		p.mu.Lock()
		switch {
		case verb == "keys" && p.keyboard != nil:
			_, _ = p.keyboard.Write([]byte(argument + "\r"))
		case verb == "drop" && p.session != nil:
			p.session.Socket().Close()
			if p.keyboard != nil {
				p.keyboard.Close()
			}
		case p.session != nil:
			p.commands++
			c := &session.Command{ID: p.commands, Verb: session.Verb(verb)}
			if seconds, err := strconv.ParseInt(argument, 10, 64); err == nil {
				c.GracePeriodSeconds = &seconds
			}
			say("command %s: %v", verb, p.session.Send(&session.Message{Command: c}))
		}
		p.mu.Unlock()
	}
}
