// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// log answers with the log of the serial console of the virtual machine called name, also while it is
// stopped.
func (v verbs) log(req *http.Request, name string) (http.Handler, error) {
	vm, err := v.machines.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	vmi, err := v.instances.Instance(req.Context(), name)
	if err != nil {
		return nil, err
	}
	if vmi != nil && !metav1.IsControlledBy(vmi, vm) {
		vmi = nil
	}
	return v.guests.Log(req, vm, vmi)
}
