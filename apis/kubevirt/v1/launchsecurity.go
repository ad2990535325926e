// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// LaunchSecurity encrypts a guest's memory; at most one field is set. On s390x the empty object asks for Secure Execution.
type LaunchSecurity struct {
	// SEV is Secure Encrypted Virtualization of AMD.
	// +optional
	SEV *SEV `json:"sev,omitempty" protobuf:"bytes,1,opt,name=sev"`
	// SNP is SEV with protection of the memory's integrity.
	// +optional
	SNP *SEVSNP `json:"snp,omitempty" protobuf:"bytes,2,opt,name=snp"`
	// TDX is Trust Domain Extensions of Intel.
	// +optional
	TDX *TDX `json:"tdx,omitempty" protobuf:"bytes,3,opt,name=tdx"`
}

// SEV is Secure Encrypted Virtualization of AMD.
type SEV struct {
	// Policy tells what else is encrypted.
	// +optional
	Policy *SEVPolicy `json:"policy,omitempty" protobuf:"bytes,1,opt,name=policy"`
	// Attestation starts the guest paused, until its owner has checked the measurement and injected a secret.
	// +optional
	Attestation *SEVAttestation `json:"attestation,omitempty" protobuf:"bytes,2,opt,name=attestation"`
	// Session is the owner's session blob in base64, for attestation.
	// +optional
	Session string `json:"session,omitempty" protobuf:"bytes,3,opt,name=session"`
	// DHCert is the owner's Diffie-Hellman key in base64, for attestation.
	// +optional
	DHCert string `json:"dhCert,omitempty" protobuf:"bytes,4,opt,name=dhCert"`
}

// SEVPolicy tells what SEV encrypts beside memory.
type SEVPolicy struct {
	// EncryptedState encrypts the CPUs' registers, too (SEV-ES). Defaults to false.
	// +optional
	EncryptedState *bool `json:"encryptedState,omitempty" protobuf:"varint,1,opt,name=encryptedState"`
}

// SEVAttestation asks for attestation before the guest runs.
type SEVAttestation struct{}

// SEVSNP is SEV with protection of the memory's integrity.
type SEVSNP struct{}

// TDX is Trust Domain Extensions of Intel.
type TDX struct{}
