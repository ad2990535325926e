// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const settingsResource = "kubevirts"

// settings returns the object with the settings of the installation, which there is one of in some namespace.
func (c *connection) settings(ctx context.Context) (*v1.KubeVirt, error) {
	list := &v1.KubeVirtList{}
	if err := c.get(ctx, list, objectsPath, settingsResource); err != nil {
		return nil, err
	}
	switch len(list.Items) {
	case 0:
		return nil, errors.New("the cluster has no KubeVirt object, which holds the settings; is virtplane installed?")
	case 1:
		return &list.Items[0], nil
	}
	first, second := &list.Items[0], &list.Items[1]
	return nil, fmt.Errorf("the cluster has several KubeVirt objects (%s/%s, %s/%s); delete those that are not in use",
		first.Namespace, first.Name, second.Namespace, second.Name)
}

// settingsPath returns where the settings are.
func settingsPath(kv *v1.KubeVirt) []string {
	return []string{objectsPath, "namespaces", kv.Namespace, settingsResource, kv.Name}
}
