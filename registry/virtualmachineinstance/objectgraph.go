// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"net/http"

	"github.com/virtplane/virtplane/registry/objectgraph"
)

// objectGraph returns the objects that the instance called name needs.
func (i *Instances) objectGraph(req *http.Request, name string) (http.Handler, error) {
	if err := objectgraph.Check(i.around.Gates); err != nil {
		return nil, err
	}
	vmi, err := i.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	return objectgraph.Answer(req, objectgraph.OfInstance(vmi))
}
