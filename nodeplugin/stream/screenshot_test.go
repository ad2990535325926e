// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/virtplane/virtplane/launcher/session"
)

func TestAPictureOfTheScreen(t *testing.T) {
	want := append(append(bytes.Clone(pngStart), make([]byte, 1<<20)...), pngEnd...)
	guest := &fakeScreen{state: session.StateRunning, open: socketOf(t, func(conn net.Conn) { _, _ = conn.Write(want) })}
	h := newTheater(t, guest)
	for query, asked := range map[string]string{
		"": `screenshot {}`, "?moveCursor=true": `screenshot {"moveCursor":true}`, "?moveCursor=false": `screenshot {}`,
	} {
		answer, err := http.Get(h.server.URL + "/vnc/screenshot" + query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != 200 || !bytes.Equal(got, want) {
			t.Errorf("%s: %d with %d bytes, %v", query, answer.StatusCode, len(got), err)
		}
		if kind, sniff := answer.Header.Get("Content-Type"), answer.Header.Get("X-Content-Type-Options"); kind != "image/png" || sniff != "nosniff" {
			t.Errorf("%s: it is called %s, %s", query, kind, sniff)
		}
		if last := guest.asked[len(guest.asked)-1]; last != asked {
			t.Errorf("%s: the launcher was asked %s, want %s", query, last, asked)
		}
	}
}

// TestWhatIsNoPictureIsNotPassedOn has launchers that send what no viewer should get.
func TestWhatIsNoPictureIsNotPassedOn(t *testing.T) {
	send := func(pieces ...[]byte) func(net.Conn) {
		return func(conn net.Conn) { _, _ = conn.Write(bytes.Join(pieces, nil)) }
	}
	const none = "Internal error occurred: read picture of the screen: the launcher sent no whole PNG"
	for _, c := range map[string]struct {
		serve   func(net.Conn)
		message string
	}{
		"nothing":          {send(), none},
		"a page":           {send([]byte("<script>"), pngEnd), none},
		"a cut picture":    {send(pngStart, make([]byte, 1000)), none},
		"an endless one":   {func(conn net.Conn) { _, _ = io.Copy(conn, endless{}) }, "Internal error occurred: read picture of the screen: it has more than 16777216 bytes"},
		"one that is late": {func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }, "Internal error occurred: read picture of the screen: the launcher did not send it within 3s"},
	} {
		h := newTheater(t, &fakeScreen{state: session.StateRunning, open: socketOf(t, c.serve)})
		answer, err := http.Get(h.server.URL + "/vnc/screenshot")
		if err != nil {
			t.Fatal(err)
		}
		expectStatus(t, answer, 500, c.message)
		answer.Body.Close()
	}
	h := newTheater(t, &fakeScreen{state: session.StateShutdown})
	answer, err := http.Get(h.server.URL + "/vnc/screenshot")
	if err != nil {
		t.Fatal(err)
	}
	expectStatus(t, answer, 400, "VMI is not running")
	answer.Body.Close()
}

// endless begins like a picture.
type endless struct{}

func (endless) Read(p []byte) (int, error) { copy(p, pngStart); return len(p), nil }

func TestANodeTakesFewPicturesAtOnce(t *testing.T) {
	h := newTheater(t, &fakeScreen{state: session.StateRunning})
	for range maxPictures {
		h.plugin.pictures <- struct{}{}
	}
	answer, err := http.Get(h.server.URL + "/vnc/screenshot")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	expectStatus(t, answer, 429, "the node is busy taking pictures of screens")
}
