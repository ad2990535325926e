// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"encoding/json"
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// followAgain is how long a watch that ended is waited with: one that ends at once would ask without end.
const followAgain = time.Second

// follow calls see with the instance called name, nil while there is none, and again with each change, until see is done
// or fails.
func (c *connection) follow(ctx context.Context, name string, see func(*v1.VirtualMachineInstance) (bool, error)) error {
	for {
		done, err := c.followOnce(ctx, name, see)
		if done || err != nil {
			return err
		}
		select {
		case <-time.After(followAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// followOnce is follow for as long as a watch lasts.
func (c *connection) followOnce(ctx context.Context, name string, see func(*v1.VirtualMachineInstance) (bool, error)) (bool, error) {
	only := "metadata.name=" + name
	list := &v1.VirtualMachineInstanceList{}
	request := c.requests.Get().AbsPath(c.in(objectsPath, instances)...).Param("fieldSelector", only)
	if err := c.do(ctx, request, nil, list); err != nil {
		return false, errorOf(ctx, err)
	}
	var now *v1.VirtualMachineInstance
	if len(list.Items) > 0 {
		now = &list.Items[0]
	}
	if done, err := see(now); done || err != nil {
		return done, err
	}
	changes, err := c.requests.Get().AbsPath(c.in(objectsPath, instances)...).Param("fieldSelector", only).Param("watch", "true").
		Param("resourceVersion", list.ResourceVersion).Stream(ctx)
	if err != nil {
		return false, errorOf(ctx, err)
	}
	defer changes.Close()
	decoder := json.NewDecoder(changes)
	for {
		var change struct {
			Type   string                    `json:"type"`
			Object v1.VirtualMachineInstance `json:"object"`
		}
		// A watch that breaks, or has become too old, begins again with a list.
		if decoder.Decode(&change) != nil || change.Type == "ERROR" {
			return false, ctx.Err()
		}
		now := &change.Object
		if change.Type == "DELETED" {
			now = nil
		}
		if done, err := see(now); done || err != nil {
			return done, err
		}
	}
}

// errorOf returns why ctx ended where it has, rather than what that did to a request.
func errorOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
