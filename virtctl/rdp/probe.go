// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package rdp asks whether a server speaks the Remote Desktop Protocol, writes the files that describe a connection, and
// knows the programs that make one.
package rdp

import (
	"errors"
	"fmt"
	"io"
)

const (
	// versionTPKT begins every packet (RFC 1006, section 6); its header has 4 bytes, the last two its length.
	versionTPKT = 3
	headerTPKT  = 4
	// connectionRequest and connectionConfirm are codes of X.224 (ISO 8073, section 13).
	connectionRequest = 0xe0
	connectionConfirm = 0xd0
	// minConfirm is the shortest answer: a header, a length, the code, two references and a class.
	minConfirm = headerTPKT + 7
	// maxConfirm caps the answer; it has 19 bytes with the negotiation of security.
	maxConfirm = 512
)

// request is what a client begins with: an X.224 connection request that offers TLS and CredSSP as security (MS-RDPBCGR,
// section 2.2.1.1).
var request = []byte{
	versionTPKT, 0, 0, 19,
	14, connectionRequest, 0, 0, 0, 0, 0,
	1, 0, 8, 0, 3, 0, 0, 0,
}

// ErrOther tells that something else than a server of this protocol answered.
var ErrOther = errors.New("it does not speak the Remote Desktop Protocol")

// Probe begins a connection on conn as a client would, and returns nil when a server of this protocol answers. It
// leaves the connection to the caller, who closes it.
func Probe(conn io.ReadWriter) error {
	if _, err := conn.Write(request); err != nil {
		return fmt.Errorf("send connection request: %w", err)
	}
	answer := make([]byte, minConfirm)
	if n, err := io.ReadFull(conn, answer[:headerTPKT]); err != nil {
		if n > 0 && answer[0] != versionTPKT {
			return ErrOther
		}
		return fmt.Errorf("read connection confirm: %w", err)
	}
	length := int(answer[2])<<8 | int(answer[3])
	if answer[0] != versionTPKT || length < minConfirm || length > maxConfirm {
		return ErrOther
	}
	if _, err := io.ReadFull(conn, answer[headerTPKT:]); err != nil {
		return fmt.Errorf("read connection confirm: %w", err)
	}
	if answer[headerTPKT+1]&0xf0 != connectionConfirm {
		return ErrOther
	}
	return nil
}
