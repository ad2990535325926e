// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

func (i *Instances) portForward(req *http.Request, name string) (http.Handler, error) {
	vmi, err := i.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	return i.PortForward(req, vmi)
}

// PortForward connects a client with a port of an instance's guest: the tail of the request is the port
// and, if it is not TCP, the protocol. The plugin of the node dials, from inside the network of the guest's
// pod: no address that a guest reports leads this server anywhere.
func (i *Instances) PortForward(req *http.Request, vmi *v1.VirtualMachineInstance) (http.Handler, error) {
	if vmi.HasCondition(v1.VirtualMachineInstancePaused) {
		return nil, conflict(vmi.Name, vmiPaused)
	}
	network, port, err := parsePort(subresource.Tail(req))
	if err != nil {
		return nil, err
	}
	if len(vmi.Status.Interfaces) == 0 {
		return nil, apierrors.NewBadRequest("no network interfaces are present")
	}
	return i.open(req, vmi, fmt.Sprintf("portforward/%d/%s", port, network), nil)
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
