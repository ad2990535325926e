// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// What virtplane adds to the console and log streams of the KubeVirt v1 API.
const (
	// LastNodeAnnotation holds on a virtual machine the node that its last instance ended on, which keeps
	// the log of its serial console.
	LastNodeAnnotation = "virtplane.io/last-node"

	// ConsoleReadOnly is the query parameter by which a viewer asks for a console on which it cannot type.
	ConsoleReadOnly = "readOnly"
	// ConsolePosition is the query parameter by which a viewer goes on where it was: RUN:OFFSET, the UID of
	// the instance and the number of bytes that its serial port had put out. A viewer without a position yet
	// gives it empty. Who gives it gets text messages "skipped BYTES" in place of notes in the output.
	ConsolePosition = "position"
	// ConsolePositionHeader holds in the answer to the handshake the position of the first output.
	ConsolePositionHeader = "Virtplane-Console-Position"
)
