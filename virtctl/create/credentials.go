// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"strings"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// CredentialKeys are those of access credentials.
var CredentialKeys = []string{"type", "src", "method", "user"}

// methodAgent is the way of credentials through the guest agent.
const methodAgent = "ga"

func (d *draft) addCredentials() error {
	for _, text := range d.AccessCredentials {
		p, err := parse("access-cred", text, CredentialKeys...)
		if err != nil {
			return err
		}
		secret, err := p.local("src", "secret")
		if err != nil {
			return err
		}
		var credential *v1.AccessCredential
		switch strings.ToLower(p.get("type")) {
		case "", "ssh":
			credential, err = d.keys(p, secret)
		case "password":
			credential, err = passwords(p, secret)
		default:
			err = p.errorf("type has to be ssh or password")
		}
		if err != nil {
			return err
		}
		d.spec().AccessCredentials = append(d.spec().AccessCredentials, *credential)
	}
	return nil
}

// keys returns the credential of a Secret with public keys.
func (d *draft) keys(p *params, secret string) (*v1.AccessCredential, error) {
	way := v1.SSHPublicKeyAccessCredentialPropagationMethod{}
	method := strings.ToLower(p.get("method"))
	switch method {
	case "", methodAgent:
		user := p.get("user")
		if user == "" {
			user = d.User
		}
		if user == "" {
			return nil, p.errorf("name the user of the guest, with user or with --user")
		}
		// Where SELinux guards the guest the agent has to be allowed to write keys.
		d.agentManagesSSH = d.AgentManagesSSH == nil || *d.AgentManagesSSH
		way.QemuGuestAgent = &v1.QemuGuestAgentSSHPublicKeyAccessCredentialPropagation{Users: []string{user}}
	case sourceNoCloud:
		way.NoCloud = &v1.NoCloudSSHPublicKeyAccessCredentialPropagation{}
	case sourceConfigDrive:
		way.ConfigDrive = &v1.ConfigDriveSSHPublicKeyAccessCredentialPropagation{}
	default:
		return nil, p.errorf("method has to be ga, nocloud or configdrive")
	}
	if way.QemuGuestAgent == nil {
		if p.get("user") != "" {
			return nil, p.errorf("user goes with the method ga; the others set the keys for the image's user")
		}
		if d.cloudInit == "" {
			d.cloudInit = method
		}
		if d.cloudInit != method {
			return nil, p.errorf("the method %s needs --cloud-init=%s, not %s", method, method, d.cloudInit)
		}
	}
	return &v1.AccessCredential{SSHPublicKey: &v1.SSHPublicKeyAccessCredential{
		Source:            v1.SSHPublicKeyAccessCredentialSource{Secret: &v1.AccessCredentialSecretSource{SecretName: secret}},
		PropagationMethod: way,
	}}, nil
}

// passwords returns the credential of a Secret with passwords, whose keys are the users.
func passwords(p *params, secret string) (*v1.AccessCredential, error) {
	switch method := strings.ToLower(p.get("method")); {
	case method != "" && method != methodAgent:
		return nil, p.errorf("the method of passwords has to be ga")
	case p.get("user") != "":
		return nil, p.errorf("user goes with keys; the keys of a secret with passwords are the users")
	}
	return &v1.AccessCredential{UserPassword: &v1.UserPasswordAccessCredential{
		Source: v1.UserPasswordAccessCredentialSource{Secret: &v1.AccessCredentialSecretSource{SecretName: secret}},
		PropagationMethod: v1.UserPasswordAccessCredentialPropagationMethod{
			QemuGuestAgent: &v1.QemuGuestAgentUserPasswordAccessCredentialPropagation{},
		},
	}}, nil
}
