// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package session is the protocol that virt-launcher and virt-nodeplugin speak over the unix
// socket in a VM's private directory. The launcher dials; identity is the socket, never a message.
package session

import (
	"encoding/json"
	"fmt"

	"github.com/virtplane/virtplane/launcher/guestinfo"
)

const (
	// SocketDir is where the launcher's pod mounts the directory that the node plugin published.
	SocketDir = "/var/run/virtplane"
	// SocketName is the file name of the socket inside the published directory.
	SocketName = "session.sock"
	// Version is the protocol's version. A plugin accepts every launcher version up to its own,
	// so that it can be upgraded without touching a guest.
	Version = 1
)

// Kind tells what a new connection is for.
type Kind string

const (
	// KindSession carries reports and commands; there is one at a time for a launcher.
	KindSession Kind = "session"
	// KindConsole carries the bytes of the first serial port; there is one at a time.
	KindConsole Kind = "console"
	// KindStream hands over what a Command asked to open. Nothing follows its Hello.
	KindStream Kind = "stream"
)

// Message is one frame; exactly one of its fields is set.
type Message struct {
	Hello        *Hello        `json:"hello,omitempty"`
	Start        *Start        `json:"start,omitempty"`
	Refusal      *Refusal      `json:"refusal,omitempty"`
	Report       *Report       `json:"report,omitempty"`
	Command      *Command      `json:"command,omitempty"`
	Result       *Result       `json:"result,omitempty"`
	Resume       *Resume       `json:"resume,omitempty"`
	ConsoleStart *ConsoleStart `json:"consoleStart,omitempty"`
}

// Hello is the first frame of a connection, sent by the launcher. A session's Hello carries the
// descriptor of the pod's network namespace beside it, a stream's that of a connected unix stream socket.
type Hello struct {
	Version int  `json:"version"`
	Kind    Kind `json:"kind"`
	// Command is the ID of the Command that a stream answers.
	Command uint64 `json:"command,omitempty"`
}

// Start answers a session's Hello once the pod network is plumbed. A launcher that already runs
// its domain takes it as the current desired state and starts nothing.
type Start struct {
	// VMI is the VirtualMachineInstance as kubevirt.io/v1 JSON.
	VMI json.RawMessage `json:"vmi"`
	// Interfaces holds the plumbed NICs in the order of the VMI's interfaces.
	Interfaces []Interface `json:"interfaces,omitempty"`
}

// Interface describes one plumbed NIC of the guest.
type Interface struct {
	// Name is the interface's name in the VMI's spec.
	Name string `json:"name"`
	// Tap is the tap device in the pod's network namespace, owned by uid and gid 107.
	Tap string `json:"tap"`
	// Bridge is the in-pod bridge on which the launcher serves DHCP; empty for none.
	Bridge string `json:"bridge,omitempty"`
	// MAC is the guest's address of the NIC.
	MAC string `json:"mac"`
	// MTU is in bytes, taken from the pod's interface.
	MTU int `json:"mtu"`
	// Queues is how many queues the tap device may be opened with; 0 means one.
	Queues int `json:"queues,omitempty"`
	// Address is the IPv4 address in CIDR form that DHCP hands to the guest; empty for none.
	Address string `json:"address,omitempty"`
	// Gateway is the IPv4 default gateway that DHCP announces; empty for none.
	Gateway string `json:"gateway,omitempty"`
	// AddressV6 and GatewayV6 are the IPv6 pair; empty where the pod has no IPv6 address.
	AddressV6 string `json:"addressV6,omitempty"`
	GatewayV6 string `json:"gatewayV6,omitempty"`
}

// Refusal ends a connection: the plugin cannot serve it now. The launcher logs it and redials.
type Refusal struct {
	Message string `json:"message"`
}

// State is the state of the domain as libvirt gives it.
type State string

const (
	// StateStarting means that the domain is being prepared; QEMU does not run yet.
	StateStarting State = "Starting"
	StateRunning  State = "Running"
	StatePaused   State = "Paused"
	// StateShutdown means that QEMU has ended because the guest shut down or a stop was asked for.
	StateShutdown State = "Shutdown"
	// StateFailed means that the domain could not start or QEMU ended by itself.
	StateFailed State = "Failed"
)

// Report is the whole state of the domain; the launcher sends it on every change and after
// every reconnect, so a lost Report is repaired by the next one.
type Report struct {
	State State `json:"state"`
	// Reason is a CamelCase word: UserPause, IOError, GuestShutdown, Stopped, Crashed, StartFailed, GuestPanicked.
	Reason string `json:"reason,omitempty"`
	// Message explains a failure to the VM's owner.
	Message string `json:"message,omitempty"`
	// Emulated tells that the domain runs without hardware virtualization.
	Emulated bool `json:"emulated,omitempty"`
	// Machine is the machine type that libvirt resolved, such as pc-q35-10.0.
	Machine string `json:"machine,omitempty"`
	// MemoryKiB is the guest's current memory.
	MemoryKiB uint64 `json:"memoryKiB,omitempty"`
	// Disks maps volume names to device names in the guest, such as vda.
	Disks map[string]string `json:"disks,omitempty"`
	// Sizes maps volume names to what the guest sees of them, in bytes.
	Sizes map[string]int64 `json:"sizes,omitempty"`
	// AgentConnected tells that the guest agent's channel is open on the guest's side.
	AgentConnected bool `json:"agentConnected,omitempty"`
	// Agent is what the guest agent says; nil while it has said nothing.
	Agent *guestinfo.Status `json:"agent,omitempty"`
}

// Verb names what the plugin asks the launcher to do.
type Verb string

const (
	VerbPause   Verb = "pause"
	VerbUnpause Verb = "unpause"
	// VerbReset presses the machine's reset button: the guest starts again without being asked.
	VerbReset Verb = "reset"
	// VerbSoftReboot asks the guest to shut down and starts it again in the same QEMU.
	VerbSoftReboot Verb = "softreboot"
	// VerbShutdown asks the guest to shut down and kills it after the grace period.
	VerbShutdown Verb = "shutdown"
	// VerbKill ends QEMU at once.
	VerbKill Verb = "kill"

	// VerbVNC opens a connection to the guest's screen, which speaks RFB.
	VerbVNC Verb = "vnc"
	// VerbScreenshot opens a stream of the screen's picture as PNG.
	VerbScreenshot Verb = "screenshot"
	// VerbGuestInfo, VerbUsers and VerbFilesystems ask the guest's agent; the answers are those of the
	// subresources guestosinfo, userlist and filesystemlist.
	VerbGuestInfo   Verb = "guestosinfo"
	VerbUsers       Verb = "userlist"
	VerbFilesystems Verb = "filesystemlist"
	// VerbFreeze and VerbUnfreeze have the guest's agent hold back writes to its file systems.
	VerbFreeze   Verb = "freeze"
	VerbUnfreeze Verb = "unfreeze"
)

// Concurrent tells that commands of the verb need not wait for others, nor others for them: they change
// nothing, or wait for the guest's agent, which must not hold up a pause.
func (v Verb) Concurrent() bool {
	switch v {
	case VerbVNC, VerbScreenshot, VerbGuestInfo, VerbUsers, VerbFilesystems, VerbFreeze, VerbUnfreeze, VerbSoftReboot:
		return true
	}
	return false
}

// UnknownVerb is the error of a launcher that does not know the verb. A plugin meets launchers of
// older versions, which have always used these words; it recognises them by the text.
func UnknownVerb(verb Verb) string { return fmt.Sprintf("verb %q is not known", verb) }

// Command is a request of the plugin; the launcher answers with a Result of the same ID.
type Command struct {
	ID   uint64 `json:"id"`
	Verb Verb   `json:"verb"`
	// GracePeriodSeconds overrides the VMI's grace period for a shutdown.
	GracePeriodSeconds *int64 `json:"gracePeriodSeconds,omitempty"`
	// Arguments are the verb's options as JSON; empty where it has none.
	Arguments json.RawMessage `json:"arguments,omitempty"`
}

// Result answers a Command; an empty Error means that it was done.
type Result struct {
	ID    uint64 `json:"id"`
	Error string `json:"error,omitempty"`
	// Data is the answer of a query as JSON; the frame has at most MaxFromLauncher bytes.
	Data json.RawMessage `json:"data,omitempty"`
}

// Resume answers a console's Hello: the plugin holds the serial output up to Offset.
type Resume struct {
	// Offset counts the bytes that the serial port has put out since the domain started.
	Offset uint64 `json:"offset"`
}

// ConsoleStart is the launcher's last frame on a console connection. Raw bytes follow: output
// from Offset on towards the plugin, keystrokes towards the launcher.
type ConsoleStart struct {
	// Offset is Resume's, or more when older output has left the launcher's buffer.
	Offset uint64 `json:"offset"`
}
