// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// AccessCredential is a credential from a secret that is put into the guest; one field is set.
type AccessCredential struct {
	// SSHPublicKey holds public keys that may log in by SSH.
	// +optional
	SSHPublicKey *SSHPublicKeyAccessCredential `json:"sshPublicKey,omitempty" protobuf:"bytes,1,opt,name=sshPublicKey"`
	// UserPassword holds passwords of users.
	// +optional
	UserPassword *UserPasswordAccessCredential `json:"userPassword,omitempty" protobuf:"bytes,2,opt,name=userPassword"`
}

// SSHPublicKeyAccessCredential holds public keys that may log in by SSH.
type SSHPublicKeyAccessCredential struct {
	// Source is where the keys come from.
	Source SSHPublicKeyAccessCredentialSource `json:"source" protobuf:"bytes,1,opt,name=source"`
	// PropagationMethod is how the keys get into the guest.
	PropagationMethod SSHPublicKeyAccessCredentialPropagationMethod `json:"propagationMethod" protobuf:"bytes,2,opt,name=propagationMethod"`
}

// SSHPublicKeyAccessCredentialSource is where public keys come from.
type SSHPublicKeyAccessCredentialSource struct {
	// Secret holds a public key in each of its keys.
	// +optional
	Secret *AccessCredentialSecretSource `json:"secret,omitempty" protobuf:"bytes,1,opt,name=secret"`
}

// SSHPublicKeyAccessCredentialPropagationMethod is how public keys get into a guest; one field is set.
type SSHPublicKeyAccessCredentialPropagationMethod struct {
	// ConfigDrive adds the keys to the metadata of the cloudInitConfigDrive volume, once at the first boot.
	// +optional
	ConfigDrive *ConfigDriveSSHPublicKeyAccessCredentialPropagation `json:"configDrive,omitempty" protobuf:"bytes,1,opt,name=configDrive"`
	// NoCloud adds the keys to the metadata of the cloudInitNoCloud volume, once at the first boot.
	// +optional
	NoCloud *NoCloudSSHPublicKeyAccessCredentialPropagation `json:"noCloud,omitempty" protobuf:"bytes,2,opt,name=noCloud"`
	// QemuGuestAgent has the guest agent write the keys while the guest runs.
	// +optional
	QemuGuestAgent *QemuGuestAgentSSHPublicKeyAccessCredentialPropagation `json:"qemuGuestAgent,omitempty" protobuf:"bytes,3,opt,name=qemuGuestAgent"`
}

// ConfigDriveSSHPublicKeyAccessCredentialPropagation adds keys to the metadata of a config drive.
type ConfigDriveSSHPublicKeyAccessCredentialPropagation struct{}

// NoCloudSSHPublicKeyAccessCredentialPropagation adds keys to the metadata of a NoCloud volume.
type NoCloudSSHPublicKeyAccessCredentialPropagation struct{}

// QemuGuestAgentSSHPublicKeyAccessCredentialPropagation has the guest agent write keys.
type QemuGuestAgentSSHPublicKeyAccessCredentialPropagation struct {
	// Users of the guest who may log in with the keys.
	// +listType=set
	Users []string `json:"users" protobuf:"bytes,1,rep,name=users"`
}

// UserPasswordAccessCredential holds passwords of users.
type UserPasswordAccessCredential struct {
	// Source is where the passwords come from.
	Source UserPasswordAccessCredentialSource `json:"source" protobuf:"bytes,1,opt,name=source"`
	// PropagationMethod is how the passwords get into the guest.
	PropagationMethod UserPasswordAccessCredentialPropagationMethod `json:"propagationMethod" protobuf:"bytes,2,opt,name=propagationMethod"`
}

// UserPasswordAccessCredentialSource is where passwords come from.
type UserPasswordAccessCredentialSource struct {
	// Secret holds a password in each of its keys, which are the names of users.
	// +optional
	Secret *AccessCredentialSecretSource `json:"secret,omitempty" protobuf:"bytes,1,opt,name=secret"`
}

// UserPasswordAccessCredentialPropagationMethod is how passwords get into a guest.
type UserPasswordAccessCredentialPropagationMethod struct {
	// QemuGuestAgent has the guest agent set the passwords while the guest runs.
	// +optional
	QemuGuestAgent *QemuGuestAgentUserPasswordAccessCredentialPropagation `json:"qemuGuestAgent,omitempty" protobuf:"bytes,1,opt,name=qemuGuestAgent"`
}

// QemuGuestAgentUserPasswordAccessCredentialPropagation has the guest agent set passwords.
type QemuGuestAgentUserPasswordAccessCredentialPropagation struct{}

// AccessCredentialSecretSource is a secret that holds credentials.
type AccessCredentialSecretSource struct {
	// SecretName is the secret in the instance's namespace.
	SecretName string `json:"secretName" protobuf:"bytes,1,opt,name=secretName"`
}
