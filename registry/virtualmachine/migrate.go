// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"net/http"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
	"github.com/virtplane/virtplane/registry/subresource"
)

// migrate would move the guest of the virtual machine called name to another node.
func (v verbs) migrate(req *http.Request, name string) (http.Handler, error) {
	ctx, options := req.Context(), &v1.MigrateOptions{}
	if err := subresource.Options(req, options, &options.DryRun); err != nil {
		return nil, err
	}
	if _, err := v.machines.get(ctx, name); err != nil {
		return nil, err
	}
	vmi, err := v.instances.Instance(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case vmi == nil:
		return nil, frame.Instance.NotFound(name)
	case !vmi.IsRunning():
		return nil, conflict(name, "VM is not running")
	}
	return nil, subresource.NotImplemented("live migration")
}
