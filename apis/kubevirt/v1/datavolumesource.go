// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// DataVolumeOrigin is what a claim is filled with; exactly one field is set.
type DataVolumeOrigin struct {
	// HTTP is a file from a web server.
	// +optional
	HTTP *DataVolumeSourceHTTP `json:"http,omitempty" protobuf:"bytes,1,opt,name=http"`
	// S3 is an object in an S3 bucket.
	// +optional
	S3 *DataVolumeSourceS3 `json:"s3,omitempty" protobuf:"bytes,2,opt,name=s3"`
	// GCS is an object in a Google Cloud Storage bucket.
	// +optional
	GCS *DataVolumeSourceGCS `json:"gcs,omitempty" protobuf:"bytes,3,opt,name=gcs"`
	// Registry is a disk in a container image.
	// +optional
	Registry *DataVolumeSourceRegistry `json:"registry,omitempty" protobuf:"bytes,4,opt,name=registry"`
	// PVC is another claim, which is cloned.
	// +optional
	PVC *DataVolumeSourcePVC `json:"pvc,omitempty" protobuf:"bytes,5,opt,name=pvc"`
	// Upload waits for a client that sends the data.
	// +optional
	Upload *DataVolumeSourceUpload `json:"upload,omitempty" protobuf:"bytes,6,opt,name=upload"`
	// Blank is an empty disk.
	// +optional
	Blank *DataVolumeBlankImage `json:"blank,omitempty" protobuf:"bytes,7,opt,name=blank"`
	// Imageio is a disk of oVirt.
	// +optional
	Imageio *DataVolumeSourceImageIO `json:"imageio,omitempty" protobuf:"bytes,8,opt,name=imageio"`
	// VDDK is a disk of VMware.
	// +optional
	VDDK *DataVolumeSourceVDDK `json:"vddk,omitempty" protobuf:"bytes,9,opt,name=vddk"`
	// Snapshot is a VolumeSnapshot, which is cloned.
	// +optional
	Snapshot *DataVolumeSourceSnapshot `json:"snapshot,omitempty" protobuf:"bytes,10,opt,name=snapshot"`
}

// DataVolumeSourceHTTP is a file from a web server.
type DataVolumeSourceHTTP struct {
	// URL of the file, http or https.
	URL string `json:"url" protobuf:"bytes,1,opt,name=url"`
	// SecretRef names a secret with the keys accessKeyId (user) and secretKey (password).
	// +optional
	SecretRef string `json:"secretRef,omitempty" protobuf:"bytes,2,opt,name=secretRef"`
	// CertConfigMap names a config map with the authorities that the server's certificate is checked against.
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty" protobuf:"bytes,3,opt,name=certConfigMap"`
	// ExtraHeaders are header lines for the request, such as X-Auth-Token: 12345.
	// +optional
	// +listType=atomic
	ExtraHeaders []string `json:"extraHeaders,omitempty" protobuf:"bytes,4,rep,name=extraHeaders"`
	// SecretExtraHeaders name secrets whose values are header lines for the request.
	// +optional
	// +listType=atomic
	SecretExtraHeaders []string `json:"secretExtraHeaders,omitempty" protobuf:"bytes,5,rep,name=secretExtraHeaders"`
}

// DataVolumeSourceS3 is an object in an S3 bucket.
type DataVolumeSourceS3 struct {
	// URL of the object.
	URL string `json:"url" protobuf:"bytes,1,opt,name=url"`
	// SecretRef names a secret with the keys accessKeyId and secretKey.
	// +optional
	SecretRef string `json:"secretRef,omitempty" protobuf:"bytes,2,opt,name=secretRef"`
	// CertConfigMap names a config map with the authorities that the server's certificate is checked against.
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty" protobuf:"bytes,3,opt,name=certConfigMap"`
}

// DataVolumeSourceGCS is an object in a Google Cloud Storage bucket.
type DataVolumeSourceGCS struct {
	// URL of the object.
	URL string `json:"url" protobuf:"bytes,1,opt,name=url"`
	// SecretRef names a secret with the key of a service account.
	// +optional
	SecretRef string `json:"secretRef,omitempty" protobuf:"bytes,2,opt,name=secretRef"`
}

// DataVolumeSourceRegistry is a disk in a container image.
type DataVolumeSourceRegistry struct {
	// URL of the image, such as docker://registry.example/disk:1 or oci-archive:///disk.tar; excludes imageStream.
	// +optional
	URL *string `json:"url,omitempty" protobuf:"bytes,1,opt,name=url"`
	// ImageStream is an image stream of OpenShift in the claim's namespace; excludes url.
	// +optional
	ImageStream *string `json:"imageStream,omitempty" protobuf:"bytes,2,opt,name=imageStream"`
	// PullMethod is pod (the importer loads the image) or node (the container runtime does). Defaults to pod.
	// +optional
	PullMethod *RegistryPullMethod `json:"pullMethod,omitempty" protobuf:"bytes,3,opt,name=pullMethod,casttype=RegistryPullMethod"`
	// SecretRef names a secret with the keys accessKeyId (user) and secretKey (password).
	// +optional
	SecretRef *string `json:"secretRef,omitempty" protobuf:"bytes,4,opt,name=secretRef"`
	// CertConfigMap names a config map with the authorities that the registry's certificate is checked against.
	// +optional
	CertConfigMap *string `json:"certConfigMap,omitempty" protobuf:"bytes,5,opt,name=certConfigMap"`
	// Platform selects one image of a list for several platforms.
	// +optional
	Platform *PlatformOptions `json:"platform,omitempty" protobuf:"bytes,6,opt,name=platform"`
}

// RegistryPullMethod tells who loads an image.
type RegistryPullMethod string

const (
	// RegistryPullPod has the importer load the image.
	RegistryPullPod RegistryPullMethod = "pod"
	// RegistryPullNode has the node's container runtime load the image.
	RegistryPullNode RegistryPullMethod = "node"
)

// PlatformOptions selects one image of a list for several platforms.
type PlatformOptions struct {
	// Architecture of the image, such as amd64.
	// +optional
	Architecture string `json:"architecture,omitempty" protobuf:"bytes,1,opt,name=architecture"`
}

// DataVolumeSourcePVC is a claim that is cloned.
type DataVolumeSourcePVC struct {
	// Namespace of the claim.
	Namespace string `json:"namespace" protobuf:"bytes,1,opt,name=namespace"`
	// Name of the claim.
	Name string `json:"name" protobuf:"bytes,2,opt,name=name"`
}

// DataVolumeSourceSnapshot is a VolumeSnapshot that is cloned.
type DataVolumeSourceSnapshot struct {
	// Namespace of the snapshot.
	Namespace string `json:"namespace" protobuf:"bytes,1,opt,name=namespace"`
	// Name of the snapshot.
	Name string `json:"name" protobuf:"bytes,2,opt,name=name"`
}

// DataVolumeSourceUpload waits for a client that sends the data.
type DataVolumeSourceUpload struct{}

// DataVolumeBlankImage is an empty disk.
type DataVolumeBlankImage struct{}

// DataVolumeSourceImageIO is a disk of oVirt.
type DataVolumeSourceImageIO struct {
	// URL of the oVirt engine.
	URL string `json:"url" protobuf:"bytes,1,opt,name=url"`
	// DiskID is the disk's UUID in oVirt.
	DiskID string `json:"diskId" protobuf:"bytes,2,opt,name=diskId"`
	// SecretRef names a secret with the keys accessKeyId (user) and secretKey (password).
	// +optional
	SecretRef string `json:"secretRef,omitempty" protobuf:"bytes,3,opt,name=secretRef"`
	// CertConfigMap names a config map with the authorities that the engine's certificate is checked against.
	// +optional
	CertConfigMap string `json:"certConfigMap,omitempty" protobuf:"bytes,4,opt,name=certConfigMap"`
	// InsecureSkipVerify takes any certificate of the engine. Defaults to false.
	// +optional
	InsecureSkipVerify *bool `json:"insecureSkipVerify,omitempty" protobuf:"varint,5,opt,name=insecureSkipVerify"`
}

// DataVolumeSourceVDDK is a disk of VMware.
type DataVolumeSourceVDDK struct {
	// URL of the vCenter or ESXi host.
	// +optional
	URL string `json:"url,omitempty" protobuf:"bytes,1,opt,name=url"`
	// UUID of the virtual machine in VMware.
	// +optional
	UUID string `json:"uuid,omitempty" protobuf:"bytes,2,opt,name=uuid"`
	// BackingFile is the disk's path in its datastore.
	// +optional
	BackingFile string `json:"backingFile,omitempty" protobuf:"bytes,3,opt,name=backingFile"`
	// Thumbprint of the host's certificate.
	// +optional
	Thumbprint string `json:"thumbprint,omitempty" protobuf:"bytes,4,opt,name=thumbprint"`
	// SecretRef names a secret with the keys accessKeyId (user) and secretKey (password).
	// +optional
	SecretRef string `json:"secretRef,omitempty" protobuf:"bytes,5,opt,name=secretRef"`
	// InitImageURL is an image with VMware's VDDK library.
	// +optional
	InitImageURL string `json:"initImageURL,omitempty" protobuf:"bytes,6,opt,name=initImageURL"`
	// ExtraArgs names a config map with further arguments for the library.
	// +optional
	ExtraArgs string `json:"extraArgs,omitempty" protobuf:"bytes,7,opt,name=extraArgs"`
}

// DataVolumeSourceRef is an object that tells what a claim is filled with.
type DataVolumeSourceRef struct {
	// Kind of the object: DataSource.
	Kind string `json:"kind" protobuf:"bytes,1,opt,name=kind"`
	// Namespace of the object. Defaults to the DataVolume's.
	// +optional
	Namespace *string `json:"namespace,omitempty" protobuf:"bytes,2,opt,name=namespace"`
	// Name of the object.
	Name string `json:"name" protobuf:"bytes,3,opt,name=name"`
}
