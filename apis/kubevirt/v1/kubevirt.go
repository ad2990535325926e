// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// KubeVirtName is the name of the one KubeVirt object, in the namespace in which virtplane is installed.
const KubeVirtName = "kubevirt"

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// KubeVirt holds the settings of an installation and tells how it fares. There is one, called kubevirt, in the
// namespace of the installation; without it every setting has its default.
type KubeVirt struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Spec holds the settings. A setting that virtplane does not use is stored, and a warning says so.
	Spec KubeVirtSpec `json:"spec" protobuf:"bytes,2,opt,name=spec"`
	// Status tells how the installation fares; written by virtplane.
	// +optional
	Status KubeVirtStatus `json:"status,omitempty" protobuf:"bytes,3,opt,name=status"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// KubeVirtList is a list of KubeVirts.
type KubeVirtList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`
	// Items is the list of KubeVirts, of which there is at most one.
	Items []KubeVirt `json:"items" protobuf:"bytes,2,rep,name=items"`
}

// KubeVirtSpec holds the settings of an installation.
type KubeVirtSpec struct {
	// ImageTag is the tag of the components' images. Not used: the manifests of the installation name the images.
	// +optional
	ImageTag string `json:"imageTag,omitempty" protobuf:"bytes,1,opt,name=imageTag"`
	// ImageRegistry is where the components' images are pulled from. Not used: the manifests of the installation name the images.
	// +optional
	ImageRegistry string `json:"imageRegistry,omitempty" protobuf:"bytes,2,opt,name=imageRegistry"`
	// ImagePullPolicy is the pull policy of the components' images. Not used: the manifests of the installation hold it. That of
	// launcher pods is configuration.imagePullPolicy.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty" protobuf:"bytes,3,opt,name=imagePullPolicy,casttype=k8s.io/api/core/v1.PullPolicy"`
	// ImagePullSecrets are the secrets with which the components' images are pulled. Not used: the manifests of the installation hold them.
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty" protobuf:"bytes,4,rep,name=imagePullSecrets"`
	// MonitorNamespace is the namespace of Prometheus. Not used: scrape the components' /metrics.
	// +optional
	MonitorNamespace string `json:"monitorNamespace,omitempty" protobuf:"bytes,5,opt,name=monitorNamespace"`
	// ServiceMonitorNamespace is where a ServiceMonitor is made. Not used: scrape the components' /metrics.
	// +optional
	ServiceMonitorNamespace string `json:"serviceMonitorNamespace,omitempty" protobuf:"bytes,6,opt,name=serviceMonitorNamespace"`
	// MonitorAccount is the service account of Prometheus. Not used: scrape the components' /metrics.
	// +optional
	MonitorAccount string `json:"monitorAccount,omitempty" protobuf:"bytes,7,opt,name=monitorAccount"`
	// WorkloadUpdateStrategy tells how running guests get to a new launcher. Not used: an upgrade touches no guest.
	// +optional
	WorkloadUpdateStrategy KubeVirtWorkloadUpdateStrategy `json:"workloadUpdateStrategy,omitempty" protobuf:"bytes,8,opt,name=workloadUpdateStrategy"`
	// UninstallStrategy is RemoveWorkloads or BlockUninstallIfWorkloadsExist. Not used: deleting this object uninstalls nothing, it
	// brings every setting back to its default.
	// +optional
	UninstallStrategy KubeVirtUninstallStrategy `json:"uninstallStrategy,omitempty" protobuf:"bytes,9,opt,name=uninstallStrategy,casttype=KubeVirtUninstallStrategy"`
	// CertificateRotationStrategy sets the lifetimes of the components' certificates. Not used: virt-apiserver renews them by itself.
	// +optional
	CertificateRotationStrategy KubeVirtCertificateRotateStrategy `json:"certificateRotateStrategy,omitempty" protobuf:"bytes,10,opt,name=certificateRotateStrategy"`
	// ProductVersion is a label of the components. Not used: the manifests of the installation hold their labels.
	// +optional
	ProductVersion string `json:"productVersion,omitempty" protobuf:"bytes,11,opt,name=productVersion"`
	// ProductName is a label of the components. Not used: the manifests of the installation hold their labels.
	// +optional
	ProductName string `json:"productName,omitempty" protobuf:"bytes,12,opt,name=productName"`
	// ProductComponent is a label of the components. Not used: the manifests of the installation hold their labels.
	// +optional
	ProductComponent string `json:"productComponent,omitempty" protobuf:"bytes,13,opt,name=productComponent"`
	// SynchronizationPort is the port of migrations between clusters. Not used: there are none yet.
	// +optional
	SynchronizationPort string `json:"synchronizationPort,omitempty" protobuf:"bytes,14,opt,name=synchronizationPort"`
	// Configuration holds what guests and components are run with. Changes take effect without a restart.
	// +optional
	Configuration KubeVirtConfiguration `json:"configuration,omitempty" protobuf:"bytes,15,opt,name=configuration"`
	// Infra places virt-apiserver and virt-controller. Not used: the manifests of the installation do.
	// +optional
	Infra *ComponentConfig `json:"infra,omitempty" protobuf:"bytes,16,opt,name=infra"`
	// Workloads places the node plugins. Not used: the manifests of the installation do.
	// +optional
	Workloads *ComponentConfig `json:"workloads,omitempty" protobuf:"bytes,17,opt,name=workloads"`
	// CustomizeComponents patches the components' manifests. Not used: change the manifests of the installation.
	// +optional
	CustomizeComponents CustomizeComponents `json:"customizeComponents,omitempty" protobuf:"bytes,18,opt,name=customizeComponents"`
}
