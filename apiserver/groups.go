// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/kubevirt"
	"github.com/virtplane/virtplane/registry/subresource"
	"github.com/virtplane/virtplane/registry/virtualmachine"
	"github.com/virtplane/virtplane/registry/virtualmachineinstance"
)

// installGroups serves kubevirt.io, and its subresources a second time where clients of the
// published API look for them.
func installGroups(server *genericapiserver.GenericAPIServer, machines *virtualmachine.Storage, instances *virtualmachineinstance.Storage,
	kubevirts *kubevirt.Storage) error {
	native := map[string]rest.Storage{
		"virtualmachines":                machines.VirtualMachine,
		"virtualmachines/status":         machines.Status,
		"virtualmachineinstances":        instances.Instance,
		"virtualmachineinstances/status": instances.Status,
		"kubevirts":                      kubevirts.KubeVirt,
		"kubevirts/status":               kubevirts.Status,
	}
	second := map[string]rest.Storage{
		"virtualmachines":         subresource.NewParent("virtualmachine", func() runtime.Object { return &v1.VirtualMachine{} }),
		"virtualmachineinstances": subresource.NewParent("virtualmachineinstance", func() runtime.Object { return &v1.VirtualMachineInstance{} }),
	}
	for _, group := range []map[string]rest.Storage{native, second} {
		addVerbs(group, "virtualmachines", machines.Verbs)
		addVerbs(group, "virtualmachineinstances", instances.Verbs)
	}
	if err := install(server, v1.GroupName, native); err != nil {
		return err
	}
	return install(server, v1.SubresourceGroupName, second)
}

func install(server *genericapiserver.GenericAPIServer, group string, storage map[string]rest.Storage) error {
	info := genericapiserver.NewDefaultAPIGroupInfo(group, Scheme, metav1.ParameterCodec, Codecs)
	info.VersionedResourcesStorageMap[v1.SchemeGroupVersion.Version] = storage
	if err := server.InstallAPIGroup(&info); err != nil {
		return fmt.Errorf("install API group %s: %w", group, err)
	}
	return nil
}
