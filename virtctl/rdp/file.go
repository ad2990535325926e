// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package rdp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf16"
)

// Desktop is a connection as its user wants it.
type Desktop struct {
	// Address is where the client connects.
	Address netip.AddrPort
	// Name is shown as the title.
	Name string
	// User is empty for the client to ask.
	User       string
	FullScreen bool
}

// Check refuses what would become another line of a file or another option of a program.
func (d Desktop) Check() error {
	if strings.ContainsAny(d.User, "\r\n\x00") {
		return fmt.Errorf("the name of the user %q has a line break in it", d.User)
	}
	return nil
}

// File returns the connection as the content of a .rdp file.
func (d Desktop) File() []byte {
	screen := 1
	if d.FullScreen {
		screen = 2
	}
	lines := []string{
		"full address:s:" + d.Address.String(),
		fmt.Sprintf("screen mode id:i:%d", screen),
		"dynamic resolution:i:1",
		"smart sizing:i:1",
		"redirectclipboard:i:1",
		"prompt for credentials:i:1",
		// Warn when the server cannot be identified: it is reached under a local name, so it never can.
		"authentication level:i:2",
		"enablecredsspsupport:i:1",
		"autoreconnection enabled:i:1",
		// The way through the cluster is no local network, whatever the address looks like.
		"networkautodetect:i:1",
		"bandwidthautodetect:i:1",
	}
	if d.User != "" {
		lines = append(lines, "username:s:"+d.User)
	}
	return encode(strings.Join(lines, "\r\n") + "\r\n")
}

// encode writes a text as the clients of Windows read it: letters beyond ASCII only with two bytes each.
func encode(text string) []byte {
	if strings.IndexFunc(text, func(r rune) bool { return r > 0x7e }) < 0 {
		return []byte(text)
	}
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}
