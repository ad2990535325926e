// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/agent"
)

// guest answers as it is told.
type guest struct {
	ping, exec error
	code       int
	output     string
	frozen     bool
	hangs      bool
	asked      []string
}

func (g *guest) Ping(context.Context) error { return g.ping }
func (g *guest) Frozen() bool               { return g.frozen }
func (g *guest) Exec(ctx context.Context, command []string) (int, string, error) {
	g.asked = command
	if g.hangs {
		<-ctx.Done()
		return 0, "", errors.New("the command in the guest did not end in time")
	}
	return g.code, g.output, g.exec
}

// serve answers probes of g until the test ends.
func serve(t *testing.T, g Guest) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "probe")
	s, err := Listen(socket, func() Guest { return g })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return socket
}

func TestProbes(t *testing.T) {
	for name, tc := range map[string]struct {
		guest  Guest
		args   string
		code   int
		stdout string
		stderr string
	}{
		"ping":                        {&guest{}, "--ping", 0, "", ""},
		"ping of the deaf":            {&guest{ping: agent.ErrSilent}, "--ping", 1, "", "virt-launcher probe: the guest agent does not answer\n"},
		"ping of a paused guest":      {&guest{ping: agent.ErrPaused}, "--ping", 1, "", "virt-launcher probe: the guest is paused; unpause it first\n"},
		"ping that bears a pause":     {&guest{ping: agent.ErrPaused}, "--tolerate-pause --ping", 0, "the guest is paused; it is not asked\n", ""},
		"command":                     {&guest{output: "fine"}, "--timeout-seconds=3 -- cat --help /x", 0, "fine\n", ""},
		"command that fails":          {&guest{code: 7, output: "no"}, "-- false", 7, "no\n", ""},
		"command with a strange code": {&guest{code: -1}, "-- false", 1, "", ""},
		"command with a large code":   {&guest{code: 256}, "-- false", 1, "", ""},
		"command that is not there":   {&guest{exec: errors.New("the guest agent refused guest-exec: No such file")}, "-- x", 1, "", "virt-launcher probe: the guest agent refused guest-exec: No such file\n"},
		"command in a frozen guest":   {&guest{frozen: true, code: 9}, "-- x", 0, "the guest's file systems are frozen; it is not asked\n", ""},
		"command that takes too long": {&guest{hangs: true}, "--timeout-seconds=1 -- sleep", 1, "", "virt-launcher probe: the command in the guest did not end in time\n"},
		"before the guest runs":       {nil, "--ping", 1, "", "virt-launcher probe: the guest does not run yet\n"},
		"neither ping nor command":    {&guest{}, "", 2, "", "virt-launcher probe: give either --ping or a command to run in the guest\n"},
		"both":                        {&guest{}, "--ping -- x", 2, "", "virt-launcher probe: give either --ping or a command to run in the guest\n"},
	} {
		t.Run(name, func(t *testing.T) {
			socket := serve(t, tc.guest)
			var stdout, stderr bytes.Buffer
			code := Main(socket, strings.Fields(tc.args), &stdout, &stderr)
			if code != tc.code || stdout.String() != tc.stdout || stderr.String() != tc.stderr {
				t.Errorf("exit code %d, %q, %q", code, stdout.String(), stderr.String())
			}
			if g, ok := tc.guest.(*guest); ok && name == "command" && strings.Join(g.asked, " ") != "cat --help /x" {
				t.Errorf("asked %q", g.asked)
			}
		})
	}
}

func TestWithoutALauncherAProbeFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := Main(filepath.Join(t.TempDir(), "none"), []string{"--ping"}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "reach the launcher") {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}

// Whoever is in the pod may write what it likes to the socket.
func TestNonsenseIsRefused(t *testing.T) {
	socket := serve(t, &guest{})
	for _, text := range []string{"\n\n{", strings.Repeat("[", 100000) + "\n", "\x00", "\"x\"\n"} {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(text))
		_ = conn.(*net.UnixConn).CloseWrite()
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		var answer [512]byte
		n, _ := conn.Read(answer[:])
		if !strings.Contains(string(answer[:n]), "read probe: ") {
			t.Errorf("%.20q: %q", text, answer[:n])
		}
		conn.Close()
	}
	var stdout, stderr bytes.Buffer
	if code := Main(socket, []string{"--ping"}, &stdout, &stderr); code != 0 {
		t.Errorf("after nonsense: exit code %d, %q", code, stderr.String())
	}
}
