// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func credentials(spec *v1.VirtualMachineInstanceSpec, path *field.Path) field.ErrorList {
	errs := tooMany(path.Child("accessCredentials"), len(spec.AccessCredentials))
	ways := map[string]bool{}
	for _, v := range spec.Volumes {
		ways["noCloud"] = ways["noCloud"] || v.CloudInitNoCloud != nil
		ways["configDrive"] = ways["configDrive"] || v.CloudInitConfigDrive != nil
	}
	for i, c := range spec.AccessCredentials {
		at := path.Child("accessCredentials").Index(i)
		errs = append(errs, exactlyOne(at, "type of access credential", members(c))...)
		if k := c.SSHPublicKey; k != nil {
			p := at.Child("sshPublicKey")
			errs = append(errs, secretOf(k.Source.Secret, p.Child("source"))...)
			errs = append(errs, propagation(ways, &k.PropagationMethod, p.Child("propagationMethod"))...)
		}
		if u := c.UserPassword; u != nil {
			p := at.Child("userPassword")
			errs = append(errs, secretOf(u.Source.Secret, p.Child("source"))...)
			errs = append(errs, exactlyOne(p.Child("propagationMethod"), "propagation method", members(u.PropagationMethod))...)
		}
	}
	return errs
}

func secretOf(s *v1.AccessCredentialSecretSource, at *field.Path) field.ErrorList {
	switch {
	case s == nil:
		return field.ErrorList{field.Required(at, "must have exactly one source: secret")}
	case s.SecretName == "":
		return field.ErrorList{field.Required(at.Child("secret", "secretName"), "name the secret")}
	}
	return nil
}

func propagation(ways map[string]bool, m *v1.SSHPublicKeyAccessCredentialPropagationMethod, at *field.Path) field.ErrorList {
	errs := exactlyOne(at, "propagation method", members(*m))
	if m.NoCloud != nil && !ways["noCloud"] {
		errs = append(errs, field.Invalid(at.Child("noCloud"), "{}", "needs a volume of the type cloudInitNoCloud"))
	}
	if m.ConfigDrive != nil && !ways["configDrive"] {
		errs = append(errs, field.Invalid(at.Child("configDrive"), "{}", "needs a volume of the type cloudInitConfigDrive"))
	}
	if m.QemuGuestAgent != nil && len(m.QemuGuestAgent.Users) == 0 {
		errs = append(errs, field.Required(at.Child("qemuGuestAgent", "users"), "name at least one user of the guest"))
	}
	return errs
}
