// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KubeVirtWorkloadUpdateStrategy tells how running guests get to a new launcher. Not used: an upgrade touches no guest.
type KubeVirtWorkloadUpdateStrategy struct {
	// WorkloadUpdateMethods are LiveMigrate and Evict.
	// +optional
	// +listType=atomic
	WorkloadUpdateMethods []WorkloadUpdateMethod `json:"workloadUpdateMethods,omitempty" protobuf:"bytes,1,rep,name=workloadUpdateMethods,casttype=WorkloadUpdateMethod"`
	// BatchEvictionSize is the number of guests that are evicted at once.
	// +optional
	BatchEvictionSize *int64 `json:"batchEvictionSize,omitempty" protobuf:"varint,2,opt,name=batchEvictionSize"`
	// BatchEvictionInterval is the time between two batches.
	// +optional
	BatchEvictionInterval *metav1.Duration `json:"batchEvictionInterval,omitempty" protobuf:"bytes,3,opt,name=batchEvictionInterval"`
}

// WorkloadUpdateMethod is a way in which a running guest gets to a new launcher.
type WorkloadUpdateMethod string

const (
	// WorkloadUpdateMethodLiveMigrate moves the guest to a new launcher while it runs.
	WorkloadUpdateMethodLiveMigrate WorkloadUpdateMethod = "LiveMigrate"
	// WorkloadUpdateMethodEvict shuts the guest down.
	WorkloadUpdateMethodEvict WorkloadUpdateMethod = "Evict"
)

// KubeVirtUninstallStrategy tells what becomes of guests when KubeVirt is uninstalled. Not used.
type KubeVirtUninstallStrategy string

const (
	// KubeVirtUninstallStrategyRemoveWorkloads removes the guests.
	KubeVirtUninstallStrategyRemoveWorkloads KubeVirtUninstallStrategy = "RemoveWorkloads"
	// KubeVirtUninstallStrategyBlockUninstallIfWorkloadsExist refuses while there are guests.
	KubeVirtUninstallStrategyBlockUninstallIfWorkloadsExist KubeVirtUninstallStrategy = "BlockUninstallIfWorkloadsExist"
)

// KubeVirtCertificateRotateStrategy sets the lifetimes of the components' certificates. Not used.
type KubeVirtCertificateRotateStrategy struct {
	// SelfSigned is about certificates of the installation's own authority.
	// +optional
	SelfSigned *KubeVirtSelfSignConfiguration `json:"selfSigned,omitempty" protobuf:"bytes,1,opt,name=selfSigned"`
}

// KubeVirtSelfSignConfiguration sets the lifetimes of certificates of the installation's own authority. Not used.
type KubeVirtSelfSignConfiguration struct {
	// CARotateInterval is the older form of ca.duration.
	// +optional
	CARotateInterval *metav1.Duration `json:"caRotateInterval,omitempty" protobuf:"bytes,1,opt,name=caRotateInterval"`
	// CertRotateInterval is the older form of server.duration.
	// +optional
	CertRotateInterval *metav1.Duration `json:"certRotateInterval,omitempty" protobuf:"bytes,2,opt,name=certRotateInterval"`
	// CAOverlapInterval is the older form of ca.renewBefore.
	// +optional
	CAOverlapInterval *metav1.Duration `json:"caOverlapInterval,omitempty" protobuf:"bytes,3,opt,name=caOverlapInterval"`
	// CA is about the authority's certificate.
	// +optional
	CA *CertConfig `json:"ca,omitempty" protobuf:"bytes,4,opt,name=ca"`
	// Server is about the certificates that it signs.
	// +optional
	Server *CertConfig `json:"server,omitempty" protobuf:"bytes,5,opt,name=server"`
}

// CertConfig sets the lifetime of a certificate.
type CertConfig struct {
	// Duration is how long the certificate is valid.
	// +optional
	Duration *metav1.Duration `json:"duration,omitempty" protobuf:"bytes,1,opt,name=duration"`
	// RenewBefore is how long before its end the certificate is renewed.
	// +optional
	RenewBefore *metav1.Duration `json:"renewBefore,omitempty" protobuf:"bytes,2,opt,name=renewBefore"`
}

// ComponentConfig places components. Not used: the manifests of the installation do.
type ComponentConfig struct {
	// NodePlacement is where the components' pods run.
	// +optional
	NodePlacement *NodePlacement `json:"nodePlacement,omitempty" protobuf:"bytes,1,opt,name=nodePlacement"`
	// Replicas is the number of pods of each component, at most 255.
	// +optional
	Replicas *uint32 `json:"replicas,omitempty" protobuf:"varint,2,opt,name=replicas"`
}

// NodePlacement holds scheduling rules of pods.
type NodePlacement struct {
	// NodeSelector limits the nodes to those that carry these labels.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty" protobuf:"bytes,1,rep,name=nodeSelector"`
	// Affinity holds scheduling rules, as for a pod.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty" protobuf:"bytes,2,opt,name=affinity"`
	// Tolerations let the pods run on tainted nodes.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitempty" protobuf:"bytes,3,rep,name=tolerations"`
}

// CustomizeComponents patches the components' manifests. Not used: change the manifests of the installation.
type CustomizeComponents struct {
	// Patches are applied to objects of the installation.
	// +optional
	// +listType=atomic
	Patches []CustomizeComponentsPatch `json:"patches,omitempty" protobuf:"bytes,1,rep,name=patches"`
	// Flags replace the components' command lines.
	// +optional
	Flags *Flags `json:"flags,omitempty" protobuf:"bytes,2,opt,name=flags"`
}

// Flags are command lines of components, each flag with its value. Not used.
type Flags struct {
	// API are the flags of the API server.
	// +optional
	API map[string]string `json:"api,omitempty" protobuf:"bytes,1,rep,name=api"`
	// Controller are the flags of the controller.
	// +optional
	Controller map[string]string `json:"controller,omitempty" protobuf:"bytes,2,rep,name=controller"`
	// Handler are the flags of the node agent.
	// +optional
	Handler map[string]string `json:"handler,omitempty" protobuf:"bytes,3,rep,name=handler"`
}

// CustomizeComponentsPatch is a patch of one object of the installation. Not used.
type CustomizeComponentsPatch struct {
	// ResourceName is the object's name.
	ResourceName string `json:"resourceName" protobuf:"bytes,1,opt,name=resourceName"`
	// ResourceType is the object's kind.
	ResourceType string `json:"resourceType" protobuf:"bytes,2,opt,name=resourceType"`
	// Patch is the patch's text.
	Patch string `json:"patch" protobuf:"bytes,3,opt,name=patch"`
	// Type is json, merge or strategic.
	Type PatchType `json:"type" protobuf:"bytes,4,opt,name=type,casttype=PatchType"`
}

// PatchType is the form of a patch.
type PatchType string

const (
	JSONPatchType           PatchType = "json"
	MergePatchType          PatchType = "merge"
	StrategicMergePatchType PatchType = "strategic"
)
