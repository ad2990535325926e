// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"net/http"

	"github.com/virtplane/virtplane/registry/objectgraph"
)

// objectGraph returns the objects that the virtual machine called name needs.
func (v verbs) objectGraph(req *http.Request, name string) (http.Handler, error) {
	if err := objectgraph.Check(v.gates); err != nil {
		return nil, err
	}
	vm, err := v.machines.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	vmi, err := v.instances.Instance(req.Context(), name)
	if err != nil {
		return nil, err
	}
	return objectgraph.Answer(req, objectgraph.OfMachine(vm, vmi))
}
