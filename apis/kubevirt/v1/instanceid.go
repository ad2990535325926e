// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"crypto/sha1"
	"encoding/hex"
)

const (
	// maxLabelValue is the length of labels' values that Kubernetes allows.
	maxLabelValue = 63
	// idHashLength is how many digits of a hash tell apart long names that begin alike.
	idHashLength = 8
)

// InstanceID returns the value of VirtualMachineInstanceIDLabel for the instance called name: the name, or its beginning
// and a hash where it is longer than a label's value can be. Clients compute it as well, so that it is part of the API.
func InstanceID(name string) string {
	if len(name) <= maxLabelValue {
		return name
	}
	sum := sha1.Sum([]byte(name))
	return name[:maxLabelValue-idHashLength-1] + "-" + hex.EncodeToString(sum[:])[:idHashLength]
}
