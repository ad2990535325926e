// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
)

// ownListener takes connections of this machine's programs only from users who may: the command line of a browser that
// is being started shows the link to everybody here.
type ownListener struct {
	net.Listener
	owner   func(net.Conn) (uid int, known bool)
	allowed map[int]bool
	notices io.Writer
	warn    sync.Once
}

func newOwnListener(l net.Listener, notices io.Writer) *ownListener {
	// Root may do everything in any case; who called sudo has the browser.
	allowed := map[int]bool{0: true, os.Getuid(): true}
	if uid, err := strconv.Atoi(os.Getenv("SUDO_UID")); err == nil {
		allowed[uid] = true
	}
	return &ownListener{Listener: l, owner: peerOwner, allowed: allowed, notices: notices}
}

func (l *ownListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, known := l.owner(conn)
		if !known || l.allowed[uid] {
			return conn, nil
		}
		conn.Close()
		l.warn.Do(func() {
			fmt.Fprintf(l.notices, "Refused a connection of another user of this machine (uid %d).\n", uid)
		})
	}
}
