// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package identity derives what a guest is called by: its UUID, host name and libvirt name. All of
// it follows from the instance, so that a restart changes nothing that the guest could notice.
package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/google/uuid"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	maxHostname = 63
	// maxDomain keeps the names of the files that libvirt makes from a domain's name below 255 bytes.
	maxDomain = 200
)

// namespaceUUID is the name space of derived UUIDs, the one that KubeVirt uses.
var namespaceUUID = uuid.MustParse("6a1a24a1-4061-4607-8bf4-a3963d0c5895")

// UUID returns the guest's UUID: firmware.uuid, or one derived from the instance's namespace and name.
func UUID(vmi *v1.VirtualMachineInstance) (string, error) {
	if f := vmi.Spec.Domain.Firmware; f != nil && f.UUID != "" {
		id, err := uuid.Parse(string(f.UUID))
		if err != nil {
			return "", fmt.Errorf("spec.domain.firmware.uuid: %q is not a UUID", f.UUID)
		}
		return id.String(), nil
	}
	return uuid.NewSHA1(namespaceUUID, []byte(vmi.Namespace+"/"+vmi.Name)).String(), nil
}

// Serial returns the machine's serial number: firmware.serial, or one derived from the instance's namespace and name.
func Serial(vmi *v1.VirtualMachineInstance) string {
	if f := vmi.Spec.Domain.Firmware; f != nil && f.Serial != "" {
		return f.Serial
	}
	return uuid.NewSHA1(namespaceUUID, []byte(vmi.Namespace+"/"+vmi.Name+"/serial")).String()
}

// Hostname returns spec.hostname, or the instance's name up to its first dot.
func Hostname(vmi *v1.VirtualMachineInstance) string {
	if vmi.Spec.Hostname != "" {
		return vmi.Spec.Hostname
	}
	name, _, _ := strings.Cut(vmi.Name, ".")
	return name[:min(len(name), maxHostname)]
}

// Domain returns the name of the libvirt domain: NAMESPACE_NAME, shortened with a hash at the end
// when it is too long for libvirt's files.
func Domain(namespace, name string) string {
	full := namespace + "_" + name
	if len(full) <= maxDomain {
		return full
	}
	sum := sha256.Sum256([]byte(full))
	return full[:maxDomain-17] + "-" + hex.EncodeToString(sum[:8])
}
