// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package apiserver wires virt-apiserver: options, embedded etcd, API groups and certificates around
// the generic API server of Kubernetes.
package apiserver

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/virtualmachineinstance"
)

var (
	// Scheme knows the objects that virt-apiserver serves.
	Scheme = runtime.NewScheme()
	// Codecs encodes and decodes them.
	Codecs = serializer.NewCodecFactory(Scheme)
)

func init() {
	utilruntime.Must(v1.AddToScheme(Scheme))
	utilruntime.Must(v1.AddInternalToScheme(Scheme))
	utilruntime.Must(virtualmachineinstance.AddFieldLabels(Scheme))
	// The generic server looks the options of its verbs up in the core group.
	unversioned := schema.GroupVersion{Version: "v1"}
	metav1.AddToGroupVersion(Scheme, unversioned)
	Scheme.AddUnversionedTypes(unversioned,
		&metav1.Status{}, &metav1.APIVersions{}, &metav1.APIGroupList{}, &metav1.APIGroup{}, &metav1.APIResourceList{})
}

// storageCodec stores objects as protobuf in the one version there is.
func storageCodec() runtime.Codec {
	info, ok := runtime.SerializerInfoForMediaType(Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	if !ok {
		panic("the codec factory has no protobuf serializer")
	}
	internal := schema.GroupVersion{Group: v1.GroupName, Version: runtime.APIVersionInternal}
	return Codecs.CodecForVersions(info.Serializer, Codecs.UniversalDeserializer(), v1.SchemeGroupVersion, internal)
}
