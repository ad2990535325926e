// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
)

// Position is a place in the output of a guest: the run that it belongs to and how many bytes came before. Servers
// other than virtplane's do not know it; it is then empty.
type Position struct {
	Run    string
	Offset uint64
}

// String returns the position as servers take it.
func (p Position) String() string {
	if p.Run == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", p.Run, p.Offset)
}

// parsePosition reads what a server says; anything else is an empty position.
func parsePosition(text string) Position {
	run, offset, _ := strings.Cut(text, ":")
	n, err := strconv.ParseUint(offset, 10, 64)
	if err != nil {
		return Position{}
	}
	return Position{run, n}
}

// Line is a connection with a console.
type Line struct {
	*websocket.Conn
	// At is where its output begins.
	At Position
}
