// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package objectgraph

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func (g graph) claim(name string) v1.ObjectGraphNode {
	return g.node("", "PersistentVolumeClaim", name, storage)
}

func (g graph) secret(name string) v1.ObjectGraphNode { return g.node("", "Secret", name, config) }

// volume returns the objects behind a volume; many volumes have none.
func (g graph) volume(v v1.Volume) []v1.ObjectGraphNode {
	switch {
	case v.DataVolume != nil:
		return []v1.ObjectGraphNode{g.node("cdi.kubevirt.io", "DataVolume", v.DataVolume.Name, storage, g.claim(v.DataVolume.Name))}
	case v.PersistentVolumeClaim != nil:
		return []v1.ObjectGraphNode{g.claim(v.PersistentVolumeClaim.ClaimName)}
	case v.Ephemeral != nil && v.Ephemeral.PersistentVolumeClaim != nil:
		return []v1.ObjectGraphNode{g.claim(v.Ephemeral.PersistentVolumeClaim.ClaimName)}
	case v.ConfigMap != nil:
		return []v1.ObjectGraphNode{g.node("", "ConfigMap", v.ConfigMap.Name, config)}
	case v.Secret != nil:
		return []v1.ObjectGraphNode{g.secret(v.Secret.SecretName)}
	case v.ServiceAccount != nil:
		return []v1.ObjectGraphNode{g.node("", "ServiceAccount", v.ServiceAccount.ServiceAccountName, config)}
	case v.CloudInitNoCloud != nil:
		return g.secrets(v.CloudInitNoCloud.UserDataSecretRef, v.CloudInitNoCloud.NetworkDataSecretRef)
	case v.CloudInitConfigDrive != nil:
		return g.secrets(v.CloudInitConfigDrive.UserDataSecretRef, v.CloudInitConfigDrive.NetworkDataSecretRef)
	case v.Sysprep != nil && v.Sysprep.Secret != nil:
		return []v1.ObjectGraphNode{g.secret(v.Sysprep.Secret.Name)}
	case v.Sysprep != nil && v.Sysprep.ConfigMap != nil:
		return []v1.ObjectGraphNode{g.node("", "ConfigMap", v.Sysprep.ConfigMap.Name, config)}
	}
	return nil
}

func (g graph) secrets(refs ...*corev1.LocalObjectReference) []v1.ObjectGraphNode {
	var nodes []v1.ObjectGraphNode
	for _, ref := range refs {
		if ref != nil {
			nodes = append(nodes, g.secret(ref.Name))
		}
	}
	return nodes
}

func (g graph) credentials(credentials []v1.AccessCredential) []v1.ObjectGraphNode {
	var nodes []v1.ObjectGraphNode
	for _, c := range credentials {
		if c.SSHPublicKey != nil && c.SSHPublicKey.Source.Secret != nil {
			nodes = append(nodes, g.secret(c.SSHPublicKey.Source.Secret.SecretName))
		}
		if c.UserPassword != nil && c.UserPassword.Source.Secret != nil {
			nodes = append(nodes, g.secret(c.UserPassword.Source.Secret.SecretName))
		}
	}
	return nodes
}

// attachment returns the definition of a network, which may be in another namespace.
func (g graph) attachment(name string) v1.ObjectGraphNode {
	if namespace, rest, found := strings.Cut(name, "/"); found {
		g.namespace, name = namespace, rest
	}
	node := g.node("k8s.cni.cncf.io", "NetworkAttachmentDefinition", name, network)
	optional := true
	node.Optional = &optional
	return node
}
