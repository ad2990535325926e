// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"net"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestOwnersOptionsAreInTheOffer(t *testing.T) {
	extra, err := NewExtra(&v1.DHCPOptions{
		BootFileName: "pxelinux.0", TFTPServerName: "tftp.example", NTPServers: []string{"192.0.2.1", "192.0.2.2"},
		PrivateOptions: []v1.DHCPPrivateOptions{{Option: 240, Value: "extra"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := lease(t, nic())
	l.Extra = extra
	offer := reread(t, l.replyV4(discover(t, nic().MAC)))
	ntp := offer.NTPServers()
	for what, ok := range map[string]bool{
		"boot file, as a field":   offer.BootFileName == "pxelinux.0",
		"boot file, as an option": offer.BootFileNameOption() == "pxelinux.0",
		"TFTP server":             offer.TFTPServerName() == "tftp.example",
		"NTP servers":             len(ntp) == 2 && ntp[1].Equal(net.IPv4(192, 0, 2, 2)),
		"private option":          string(offer.Options.Get(dhcpv4.GenericOptionCode(240))) == "extra",
		"host":                    offer.HostName() == "demo",
	} {
		if !ok {
			t.Errorf("%s is wrong in %s", what, offer.Summary())
		}
	}
}

func TestWrongOptionsAreNamed(t *testing.T) {
	for want, spec := range map[string]v1.DHCPOptions{
		"bootFileName: 256 bytes":         {BootFileName: strings.Repeat("b", 256)},
		"tftpServerName: 300 bytes":       {TFTPServerName: strings.Repeat("b", 300)},
		`ntpServers[1]: "ntp.example"`:    {NTPServers: []string{"192.0.2.1", "ntp.example"}},
		`ntpServers[0]: "2001:db8::1"`:    {NTPServers: []string{"2001:db8::1"}},
		"privateOptions[0].option: 12 is": {PrivateOptions: []v1.DHCPPrivateOptions{{Option: 12}}},
		"privateOptions[0].value: 256":    {PrivateOptions: []v1.DHCPPrivateOptions{{Option: 224, Value: strings.Repeat("v", 256)}}},
	} {
		if _, err := NewExtra(&spec); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
