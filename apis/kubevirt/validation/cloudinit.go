// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/base64"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// maxCloudInit caps inline cloud-init data in bytes, as published; more goes into a secret.
const maxCloudInit = 2048

// cloudInit checks either kind of cloud-init volume: they have the same fields.
func cloudInit(s *v1.CloudInitNoCloudSource, at *field.Path) field.ErrorList {
	var users, networks []string
	var errs field.ErrorList
	for _, secret := range []struct {
		field string
		ref   *corev1.LocalObjectReference
		kind  *[]string
	}{
		{"secretRef", s.UserDataSecretRef, &users},
		{"networkDataSecretRef", s.NetworkDataSecretRef, &networks},
	} {
		if secret.ref == nil {
			continue
		}
		*secret.kind = append(*secret.kind, secret.field)
		if secret.ref.Name == "" {
			errs = append(errs, field.Required(at.Child(secret.field, "name"), "name the secret"))
		}
	}
	for _, inline := range []struct {
		field, value string
		kind         *[]string
		encoded      bool
	}{
		{"userData", s.UserData, &users, false},
		{"userDataBase64", s.UserDataBase64, &users, true},
		{"networkData", s.NetworkData, &networks, false},
		{"networkDataBase64", s.NetworkDataBase64, &networks, true},
	} {
		if inline.value == "" {
			continue
		}
		*inline.kind = append(*inline.kind, inline.field)
		data := []byte(inline.value)
		if inline.encoded {
			var err error
			if data, err = base64.StdEncoding.DecodeString(inline.value); err != nil {
				errs = append(errs, field.Invalid(at.Child(inline.field), "", "is not valid base64: "+err.Error()))
			}
		}
		if len(data) > maxCloudInit {
			errs = append(errs, field.TooLong(at.Child(inline.field), "", maxCloudInit))
		}
	}
	if len(users) > 1 {
		errs = append(errs, field.Invalid(at, fmt.Sprint(users), "must have only one source of user data"))
	}
	if len(networks) > 1 {
		errs = append(errs, field.Invalid(at, fmt.Sprint(networks), "must have only one source of network data"))
	}
	if len(users)+len(networks) == 0 {
		errs = append(errs, field.Required(at, "must have at least one of userData, userDataBase64, secretRef, networkData, networkDataBase64 and networkDataSecretRef"))
	}
	return errs
}
