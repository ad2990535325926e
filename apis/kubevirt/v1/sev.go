// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SEVSessionOptions is the body of the sev/setupsession subresource.
type SEVSessionOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Session is the owner's session blob, in base64.
	// +optional
	Session string `json:"session,omitempty" protobuf:"bytes,1,opt,name=session"`
	// DHCert is the owner's Diffie-Hellman key, in base64.
	// +optional
	DHCert string `json:"dhCert,omitempty" protobuf:"bytes,2,opt,name=dhCert"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SEVSecretOptions is the body of the sev/injectlaunchsecret subresource.
type SEVSecretOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Header of the encrypted secret, in base64.
	// +optional
	Header string `json:"header,omitempty" protobuf:"bytes,1,opt,name=header"`
	// Secret is the encrypted secret, in base64.
	// +optional
	Secret string `json:"secret,omitempty" protobuf:"bytes,2,opt,name=secret"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SEVPlatformInfo is the answer of the sev/fetchcertchain subresource.
type SEVPlatformInfo struct {
	metav1.TypeMeta `json:",inline"`
	// PDH is the platform's Diffie-Hellman key, in base64.
	// +optional
	PDH string `json:"pdh,omitempty" protobuf:"bytes,1,opt,name=pdh"`
	// CertChain is the platform's certificate chain, in base64.
	// +optional
	CertChain string `json:"certChain,omitempty" protobuf:"bytes,2,opt,name=certChain"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SEVMeasurementInfo is the answer of the sev/querylaunchmeasurement subresource.
type SEVMeasurementInfo struct {
	metav1.TypeMeta `json:",inline"`
	// Measurement of the guest's memory at launch, in base64.
	// +optional
	Measurement string `json:"measurement,omitempty" protobuf:"bytes,1,opt,name=measurement"`
	// APIMajor is the major version of the platform's firmware interface.
	// +optional
	APIMajor int64 `json:"apiMajor,omitempty" protobuf:"varint,2,opt,name=apiMajor"`
	// APIMinor is the minor version of the platform's firmware interface.
	// +optional
	APIMinor int64 `json:"apiMinor,omitempty" protobuf:"varint,3,opt,name=apiMinor"`
	// BuildID of the platform's firmware.
	// +optional
	BuildID int64 `json:"buildID,omitempty" protobuf:"varint,4,opt,name=buildID"`
	// Policy that the guest was launched with, as bits.
	// +optional
	Policy int64 `json:"policy,omitempty" protobuf:"varint,5,opt,name=policy"`
	// LoaderSHA is the SHA-256 of the guest's firmware.
	// +optional
	LoaderSHA string `json:"loaderSHA,omitempty" protobuf:"bytes,6,opt,name=loaderSHA"`
}
