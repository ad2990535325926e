// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// maxPodName keeps pod names usable as host names and label values.
	maxPodName = 63
	// suffixLength is that of the names that Kubernetes generates.
	suffixLength = 5
	// suffixAlphabet has no vowels, so that no words come up, and no characters that look alike.
	suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789"
)

// Name returns the name of the instance's launcher pod. It looks like a generated one but is derived
// from the instance's UID: the API server itself refuses a second pod while the first one exists.
func Name(vmi *v1.VirtualMachineInstance) string {
	base := "virt-launcher-" + vmi.Name + "-"
	if limit := maxPodName - suffixLength; len(base) > limit {
		base = base[:limit]
	}
	sum := sha256.Sum256([]byte(vmi.UID))
	suffix := make([]byte, suffixLength)
	for i := range suffix {
		suffix[i] = suffixAlphabet[int(sum[i])%len(suffixAlphabet)]
	}
	return base + string(suffix)
}

// labelValue returns the name, or its hash when it is too long for the value of a label.
func labelValue(name string) string {
	if len(name) <= validation.LabelValueMaxLength {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])[:validation.LabelValueMaxLength]
}

// hostname returns the host name that the guest is offered.
func hostname(vmi *v1.VirtualMachineInstance) string {
	if vmi.Spec.Hostname != "" {
		return vmi.Spec.Hostname
	}
	name, _, _ := strings.Cut(vmi.Name, ".")
	if len(name) > validation.DNS1123LabelMaxLength {
		name = name[:validation.DNS1123LabelMaxLength]
	}
	return strings.TrimRight(name, "-")
}
