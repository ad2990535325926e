// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// cdiKind is the kind of the devices in the Container Device Interface.
	cdiKind = "virtplane.io/device"
	// cdiFile is the name of the specification in the runtime's directory.
	cdiFile = "virtplane.io-device.json"
	// cdiVersion is the oldest version of the specification that knows uid and gid.
	cdiVersion = "0.5.0"
)

// CDI describes devices to the container runtime, so that they belong to the container's user.
// A device that comes by the kubelet's DeviceSpec alone keeps the owner and mode that it has on the
// host, where /dev/kvm or /dev/net/tun is often root's alone. A nil CDI describes nothing.
type CDI struct {
	path  string
	names map[string]string
}

type cdiSpec struct {
	Version string      `json:"cdiVersion"`
	Kind    string      `json:"kind"`
	Devices []cdiDevice `json:"devices"`
}

type cdiDevice struct {
	Name  string   `json:"name"`
	Edits cdiEdits `json:"containerEdits"`
}

type cdiEdits struct {
	Nodes []cdiNode `json:"deviceNodes"`
}

type cdiNode struct {
	Path        string `json:"path"`
	HostPath    string `json:"hostPath"`
	Permissions string `json:"permissions"`
	UID         uint32 `json:"uid"`
	GID         uint32 `json:"gid"`
	FileMode    uint32 `json:"fileMode"`
}

// NewCDI writes the specification of devices, owned by owner, to dir, a directory that the runtime
// reads (/var/run/cdi by default).
func NewCDI(dir string, owner uint32, devices []Device) (*CDI, error) {
	spec := cdiSpec{Version: cdiVersion, Kind: cdiKind}
	c := &CDI{path: filepath.Join(dir, cdiFile), names: map[string]string{}}
	for _, d := range devices {
		name := filepath.Base(d.Path)
		c.names[d.Path] = cdiKind + "=" + name
		spec.Devices = append(spec.Devices, cdiDevice{Name: name, Edits: cdiEdits{Nodes: []cdiNode{{
			Path: d.Path, HostPath: d.Path, Permissions: "rw", UID: owner, GID: owner, FileMode: 0o660,
		}}}})
	}
	raw, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode CDI specification: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make CDI directory: %w", err)
	}
	// The runtime must not read half a file; it reads only names that end in .json.
	temporary := c.path + ".new"
	if err := os.WriteFile(temporary, raw, 0o644); err != nil {
		return nil, fmt.Errorf("write CDI specification: %w", err)
	}
	if err := os.Rename(temporary, c.path); err != nil {
		return nil, fmt.Errorf("write CDI specification: %w", err)
	}
	return c, nil
}

// Device returns the qualified name of the device at path; empty when the runtime is not to be
// asked for it. A specification that somebody removed must not keep containers from starting.
func (c *CDI) Device(path string) string {
	if c == nil {
		return ""
	}
	if _, err := os.Lstat(c.path); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return c.names[path]
}
