// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import "net/http"

// portForward connects a client with a port of the guest of the virtual machine called name.
func (v verbs) portForward(req *http.Request, name string) (http.Handler, error) {
	vmi, err := v.instanceOf(req.Context(), name)
	if err != nil {
		return nil, err
	}
	return v.guests.PortForward(req, vmi)
}

// cancelEvacuation withdraws the order to move the guest of the virtual machine called name away from its node.
func (v verbs) cancelEvacuation(req *http.Request, name string) (http.Handler, error) {
	vmi, err := v.instanceOf(req.Context(), name)
	if err != nil {
		return nil, err
	}
	return v.guests.CancelEvacuation(req, vmi)
}
