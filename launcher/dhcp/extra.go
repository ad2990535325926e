// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"fmt"
	"net"

	"github.com/insomniacslk/dhcp/dhcpv4"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// The codes that are free for private use (RFC 3942).
const (
	firstPrivate = 224
	lastPrivate  = 254
	// maxOption is what one option holds, in bytes.
	maxOption = 255
)

// Extra is what the guest's owner adds to the lease.
type Extra struct {
	bootFile string
	options  []dhcpv4.Option
}

// NewExtra reads dhcpOptions; its errors begin with the field below that one.
func NewExtra(spec *v1.DHCPOptions) (Extra, error) {
	var e Extra
	if spec == nil {
		return e, nil
	}
	for field, text := range map[string]string{"bootFileName": spec.BootFileName, "tftpServerName": spec.TFTPServerName} {
		if len(text) > maxOption {
			return e, fmt.Errorf("%s: %d bytes are too many; an option holds %d", field, len(text), maxOption)
		}
	}
	if spec.BootFileName != "" {
		e.bootFile = spec.BootFileName
		e.options = append(e.options, dhcpv4.OptBootFileName(spec.BootFileName))
	}
	if spec.TFTPServerName != "" {
		e.options = append(e.options, dhcpv4.OptTFTPServerName(spec.TFTPServerName))
	}
	var servers []net.IP
	for i, text := range spec.NTPServers {
		server := net.ParseIP(text).To4()
		if server == nil {
			return e, fmt.Errorf("ntpServers[%d]: %q is not an IPv4 address", i, text)
		}
		servers = append(servers, server)
	}
	if len(servers) > 0 {
		e.options = append(e.options, dhcpv4.OptNTPServers(servers...))
	}
	for i, private := range spec.PrivateOptions {
		if private.Option < firstPrivate || private.Option > lastPrivate {
			return e, fmt.Errorf("privateOptions[%d].option: %d is not a private option; use %d to %d", i, private.Option, firstPrivate, lastPrivate)
		}
		if len(private.Value) > maxOption {
			return e, fmt.Errorf("privateOptions[%d].value: %d bytes are too many; an option holds %d", i, len(private.Value), maxOption)
		}
		e.options = append(e.options, dhcpv4.OptGeneric(dhcpv4.GenericOptionCode(private.Option), []byte(private.Value)))
	}
	return e, nil
}

// addTo puts what the owner adds into an answer. The boot file stands in two places: firmware of
// different age looks in one of them.
func (e Extra) addTo(reply *dhcpv4.DHCPv4) {
	for _, option := range e.options {
		reply.UpdateOption(option)
	}
	if len(e.bootFile) < bootFileField {
		reply.BootFileName = e.bootFile
	}
}

// bootFileField is the size in bytes of an answer's own field, with the zero at its end (RFC 2131).
const bootFileField = 128
