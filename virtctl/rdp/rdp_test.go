// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package rdp

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// answered probes a server that reads a request and says answer.
func answered(t *testing.T, answer string) error {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		defer server.Close()
		if _, err := io.ReadFull(server, make([]byte, 19)); err == nil {
			_, _ = io.WriteString(server, answer)
		}
	}()
	if err := client.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return Probe(client)
}

func TestProbe(t *testing.T) {
	for name, answer := range map[string]string{
		"Windows and xrdp with security": "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x02\x00\x00\x00",
		"a server that insists on more":  "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x03\x00\x08\x00\x05\x00\x00\x00",
		"a server without security":      "\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00",
	} {
		if err := answered(t, answer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, answer := range map[string]string{
		"SSH":               "SSH-2.0-OpenSSH_9.2\r\n",
		"a web server":      "HTTP/1.1 400 Bad Request\r\n\r\n",
		"a few letters":     "no",
		"a huge packet":     "\x03\x00\xff\xff\x0e\xd0\x00\x00\x12\x34\x00",
		"a tiny packet":     "\x03\x00\x00\x04\x0e\xd0\x00\x00\x12\x34\x00",
		"another X.224":     "\x03\x00\x00\x0b\x06\x80\x00\x00\x12\x34\x00",
		"half a zero":       "\x00",
		"all zeros":         strings.Repeat("\x00", 100),
		"a high first byte": "\xff\xfb\x01",
	} {
		if err := answered(t, answer); !errors.Is(err, ErrOther) {
			t.Errorf("%s: %v, want %v", name, err, ErrOther)
		}
	}
	for name, answer := range map[string]string{"nothing": "", "half an answer": "\x03\x00\x00\x13\x0e"} {
		if err := answered(t, answer); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v, want the end", name, err)
		}
	}
}

var demo = Desktop{Address: netip.MustParseAddrPort("127.0.0.1:13389"), Name: "demo"}

func TestFile(t *testing.T) {
	text := string(demo.File())
	for _, want := range []string{"full address:s:127.0.0.1:13389\r\n", "screen mode id:i:1\r\n", "prompt for credentials:i:1\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	if strings.Contains(text, "username") || strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") {
		t.Errorf("the file is %q", text)
	}
	wide := demo
	wide.User, wide.FullScreen = "Jörg", true
	if encoded := string(wide.File()); !strings.HasPrefix(encoded, "\xff\xfef\x00u\x00l\x00l\x00") || !strings.Contains(encoded, "J\x00\xf6\x00r\x00g\x00\r\x00\n\x00") ||
		!strings.Contains(encoded, "i\x00:\x002\x00\r\x00") {
		t.Errorf("a name beyond ASCII is written as %q", encoded)
	}
	wide.User = "a\r\nalternate shell:s:evil"
	if wide.Check() == nil || demo.Check() != nil {
		t.Error("a user's name may be a line of its own")
	}
}

func TestClients(t *testing.T) {
	has := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			for _, known := range names {
				if name == known {
					return "/bin/" + strings.TrimPrefix(name, "/"), nil
				}
			}
			return "", exec.ErrNotFound
		}
	}
	admin := demo
	admin.User, admin.FullScreen = "admin", true
	for _, c := range []struct {
		os, client string
		lookPath   func(string) (string, error)
		desktop    Desktop
		want       string
	}{
		{"linux", "", has("remmina", "xfreerdp", "wlfreerdp"), demo, "/bin/xfreerdp /v:127.0.0.1:13389 /t:demo /cert:tofu +clipboard /dynamic-resolution more"},
		{"linux", "", has("xfreerdp", "xfreerdp3"), admin, "/bin/xfreerdp3 /v:127.0.0.1:13389 /t:demo /cert:tofu +clipboard /u:admin /f more"},
		{"linux", "remmina", has("remmina", "xfreerdp"), demo, "/bin/remmina --connect demo.rdp more"},
		{"linux", "krdc", has("krdc"), demo, "/bin/krdc demo.rdp more"},
		{"windows", "", has("mstsc"), demo, "/bin/mstsc demo.rdp more"},
		{"darwin", "", has("open", "xfreerdp"), demo, "/bin/open -W demo.rdp more"},
		{"darwin", "xfreerdp", has("xfreerdp"), demo, "/bin/xfreerdp /v:127.0.0.1:13389 /t:demo /cert:tofu +clipboard /dynamic-resolution more"},
	} {
		call, err := Find(c.os, c.client, c.lookPath, c.desktop, "demo.rdp", []string{"more"})
		if got := strings.Join(append([]string{call.Path}, call.Args...), " "); err != nil || got != c.want {
			t.Errorf("%s %s: %s, %v, want %s", c.os, c.client, got, err, c.want)
		}
	}
	var missing *MissingError
	if _, err := Find("linux", "", has(), demo, "", nil); !errors.As(err, &missing) || !strings.Contains(err.Error(), "install FreeRDP") {
		t.Errorf("nothing installed: %v", err)
	}
	if _, err := Find("linux", "krdc", has("xfreerdp"), demo, "", nil); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("another one installed: %v", err)
	}
}

func TestToLeaveADesktopIsNoFailure(t *testing.T) {
	free := Call{free: true}
	for code, ended := range map[int]bool{0: true, 1: true, 2: true, 11: true, 12: true, 13: false, 131: false, -1: false} {
		if free.Ended(code) != ended {
			t.Errorf("code %d: ended %v", code, free.Ended(code))
		}
	}
	if (Call{}).Ended(1) {
		t.Error("other programs fail with code 1")
	}
}
