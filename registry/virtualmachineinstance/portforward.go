// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
	"github.com/virtplane/virtplane/registry/tunnel"
)

// dialTimeout is how long a guest may take to accept a connection.
const dialTimeout = 10 * time.Second

func (i *Instances) portForward(req *http.Request, name string) (http.Handler, error) {
	vmi, err := i.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	return i.PortForward(req, vmi)
}

// PortForward connects a client with a port of an instance's guest: the tail of the request is the port
// and, if it is not TCP, the protocol. The connection is made before the client's upgrade, so that a
// port that refuses is an ordinary answer.
func (i *Instances) PortForward(req *http.Request, vmi *v1.VirtualMachineInstance) (http.Handler, error) {
	if vmi.HasCondition(v1.VirtualMachineInstancePaused) {
		return nil, conflict(vmi.Name, vmiPaused)
	}
	network, port, err := parsePort(subresource.Tail(req))
	if err != nil {
		return nil, err
	}
	address, err := addressOf(vmi)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(req.Header.Get("Upgrade"), "websocket") {
		return nil, apierrors.NewBadRequest("portforward is a stream; ask for it by a websocket handshake")
	}
	ctx, cancel := context.WithTimeout(req.Context(), dialTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, netip.AddrPortFrom(address, port).String())
	if err != nil {
		return nil, apierrors.NewInternalError(fmt.Errorf("dialing VM: %w", err))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { tunnel.Serve(w, req, conn, tunnel.Published) }), nil
}

// parsePort reads PORT or PORT/PROTOCOL.
func parsePort(tail string) (network string, port uint16, err error) {
	text, network, found := strings.Cut(tail, "/")
	if !found {
		network = "tcp"
	}
	if network != "tcp" && network != "udp" {
		return "", 0, apierrors.NewBadRequest(fmt.Sprintf("portforward/%s: %q is no protocol; use tcp or udp", tail, network))
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || number == 0 {
		return "", 0, apierrors.NewBadRequest(fmt.Sprintf("portforward/%s: %q is no port; give a number from 1 to 65535", tail, text))
	}
	return network, uint16(number), nil
}

// addressOf returns the first address of a guest. What a guest reports must not lead this server to
// itself or to the services of the node that it runs on.
func addressOf(vmi *v1.VirtualMachineInstance) (netip.Addr, error) {
	if len(vmi.Status.Interfaces) == 0 || vmi.Status.Interfaces[0].IP == "" {
		return netip.Addr{}, apierrors.NewBadRequest("no network interfaces are present")
	}
	text := vmi.Status.Interfaces[0].IP
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, apierrors.NewInternalError(fmt.Errorf("status.interfaces[0].ipAddress: %w", err))
	}
	if address = address.Unmap(); !address.IsGlobalUnicast() || address.Zone() != "" {
		return netip.Addr{}, apierrors.NewBadRequest(fmt.Sprintf("status.interfaces[0].ipAddress: %s cannot be reached from outside the guest", text))
	}
	return address, nil
}
