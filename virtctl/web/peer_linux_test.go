// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
)

func TestPeerOwnerOfARealConnection(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", "[::]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			if strings.HasPrefix(address, "[") {
				continue // no IPv6 here
			}
			t.Fatal(err)
		}
		defer l.Close()
		ours, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer ours.Close()
		theirs, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		if uid, known := peerOwner(theirs); !known || uid != os.Getuid() {
			t.Errorf("%s: uid %d, known %t", address, uid, known)
		}
	}
}

func TestOwnerInTheKernelsTable(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 2 1
   2: 00000000000000000000000001000000:D432 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000  1001 0 3 1
   3: 0000000000000000FFFF00000100007F:D433 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002 0 4 1
   4: nonsense
`
	for _, c := range []struct {
		local, remote string
		uid           int
		found         bool
	}{
		{"127.0.0.1:54321", "127.0.0.1:8080", 1000, true},
		{"[::1]:54322", "[::1]:8080", 1001, true},
		{"127.0.0.1:54323", "127.0.0.1:8080", 1002, true},
		{"127.0.0.1:54321", "127.0.0.1:8081", 0, false},
		{"127.0.0.1:1", "127.0.0.1:8080", 0, false},
	} {
		uid, found := ownerIn(strings.NewReader(table), netip.MustParseAddrPort(c.local), netip.MustParseAddrPort(c.remote))
		if uid != c.uid || found != c.found {
			t.Errorf("%s to %s: %d %t", c.local, c.remote, uid, found)
		}
	}
}

func TestOtherUsersOfThisMachineAreRefused(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	var said bytes.Buffer
	l := newOwnListener(inner, &said)
	owners := make(chan int, 3)
	l.owner = func(net.Conn) (int, bool) { uid := <-owners; return uid, uid >= 0 }
	owners <- 4321
	owners <- 4321
	owners <- os.Getuid()
	var last net.Conn
	for range 3 {
		if last, err = net.Dial("tcp", inner.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer last.Close()
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if conn.RemoteAddr().String() != last.LocalAddr().String() {
		t.Errorf("let %s in", conn.RemoteAddr())
	}
	if got := said.String(); strings.Count(got, "uid 4321") != 1 {
		t.Errorf("said %q", got)
	}
}
