// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// peerOwner returns the user whose program is at the other end of a connection from this machine, and false when the
// kernel does not tell, as for one from elsewhere.
func peerOwner(conn net.Conn) (int, bool) {
	theirs, ok1 := conn.RemoteAddr().(*net.TCPAddr)
	ours, ok2 := conn.LocalAddr().(*net.TCPAddr)
	if !ok1 || !ok2 {
		return 0, false
	}
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		uid, found := ownerIn(f, theirs.AddrPort(), ours.AddrPort())
		f.Close()
		if found {
			return uid, true
		}
	}
	return 0, false
}

// ownerIn looks in a table of the kernel (proc_net_tcp(5)) for the socket that is bound to local and connected with remote.
func ownerIn(table io.Reader, local, remote netip.AddrPort) (int, bool) {
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 8 || !sameAddress(fields[1], local) || !sameAddress(fields[2], remote) {
			continue
		}
		if uid, err := strconv.Atoi(fields[7]); err == nil {
			return uid, true
		}
	}
	return 0, false
}

func sameAddress(entry string, want netip.AddrPort) bool {
	got, err := parseAddress(entry)
	return err == nil && got.Port() == want.Port() && got.Addr().Unmap() == want.Addr().Unmap()
}

// parseAddress reads ADDRESS:PORT, where the address is hexadecimal words of 32 bits in the machine's byte order.
func parseAddress(entry string) (netip.AddrPort, error) {
	words, port, found := strings.Cut(entry, ":")
	raw, err := hex.DecodeString(words)
	if !found || err != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("parse address %q", entry)
	}
	var ordered bytes.Buffer
	for ; len(raw) > 0; raw = raw[4:] {
		word := binary.NativeEndian.AppendUint32(nil, binary.BigEndian.Uint32(raw))
		ordered.Write(word)
	}
	address, ok := netip.AddrFromSlice(ordered.Bytes())
	number, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("parse address %q", entry)
	}
	return netip.AddrPortFrom(address, uint16(number)), nil
}
