// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/virtplane/virtplane/launcher/session"
)

func (h *fakeHypervisor) Screenshot() (string, io.ReadCloser, error) {
	return "", nil, errors.New("no screens to take a picture of")
}

// fakeCamera is a hypervisor with a screen.
type fakeCamera struct {
	*fakeHypervisor
	picture string
}

func (c *fakeCamera) Screenshot() (string, io.ReadCloser, error) {
	return "image/x-portable-pixmap", io.NopCloser(strings.NewReader(c.picture)), nil
}

// read reads to its end what a command has opened.
func read(t *testing.T, answer any) []byte {
	t.Helper()
	file, ok := answer.(*os.File)
	if !ok {
		t.Fatalf("the command opened %T", answer)
	}
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestAPictureIsHandedOver(t *testing.T) {
	l, h, _ := running(t, obedient)
	take := func(arguments string) (any, error) {
		return l.onCommand(context.Background(), &session.Command{Verb: session.VerbScreenshot, Arguments: []byte(arguments)})
	}
	if _, err := take(""); err == nil || !strings.HasPrefix(err.Error(), "take a picture of the screen: no screens") {
		t.Errorf("no screen: %v", err)
	}
	if _, err := take("{"); err == nil || !strings.HasPrefix(err.Error(), "decode arguments: ") {
		t.Errorf("cut arguments: %v", err)
	}
	l.hypervisor = &fakeCamera{h, "P6\n2 1\n255\nabcdef"}
	// There is no screen to wake, which keeps nobody from taking its picture.
	for _, arguments := range []string{"", `{"moveCursor":true}`} {
		answer, err := take(arguments)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(read(t, answer)); !strings.HasPrefix(got, "\x89PNG\r\n\x1a\n") || !strings.HasSuffix(got, "IEND\xaeB`\x82") {
			t.Errorf("got %q", got)
		}
	}
}

func TestAScreenIsHandedOver(t *testing.T) {
	l, _, _ := running(t, obedient)
	look := func() (any, error) {
		return l.onCommand(context.Background(), &session.Command{Verb: session.VerbVNC})
	}
	if _, err := look(); err == nil || !strings.HasPrefix(err.Error(), "connect with the screen: ") {
		t.Errorf("no screen: %v", err)
	}
	listener, err := net.Listen("unix", l.vncSocket())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "RFB 003.008\n")
			conn.Close()
		}
	}()
	for range 2 {
		answer, err := look()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(read(t, answer)); got != "RFB 003.008\n" {
			t.Errorf("got %q", got)
		}
	}
	l.hypervisor = nil
	for _, verb := range []session.Verb{session.VerbVNC, session.VerbScreenshot} {
		if _, err := l.onCommand(context.Background(), &session.Command{Verb: verb}); !errors.Is(err, errNotRunning) {
			t.Errorf("%s of a guest that does not run: %v", verb, err)
		}
	}
}
