// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package cloudinit makes the configuration disk from which cloud-init in the guest learns the
// guest's name, users and network.
package cloudinit

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/identity"
)

const (
	// maxInline is the API's limit for data in the manifest, in bytes.
	maxInline = 2048
	// maxSecret is the limit of Kubernetes for a secret, in bytes.
	maxSecret = 1 << 20
)

// Data is the content of a configuration disk.
type Data struct {
	// Label is the volume label by which cloud-init finds the disk.
	Label string
	// Files are paths and contents.
	Files map[string][]byte
}

// NoCloud gives the content of a NoCloud disk. secrets is the directory below which the kubelet
// mounted the secrets that the source refers to.
func NoCloud(vmi *v1.VirtualMachineInstance, source *v1.CloudInitNoCloudSource, secrets string) (Data, error) {
	uuid, err := identity.UUID(vmi)
	if err != nil {
		return Data{}, err
	}
	meta, err := json.Marshal(map[string]string{
		"instance-id":    uuid,
		"local-hostname": identity.Hostname(vmi),
	})
	if err != nil {
		return Data{}, fmt.Errorf("encode meta-data: %w", err)
	}
	files := map[string][]byte{"meta-data": meta}
	user, err := content{
		field: "userData", inline: source.UserData, base64: source.UserDataBase64,
		secret: source.UserDataSecretRef != nil, dir: filepath.Join(secrets, "user"), key: "userdata",
	}.read()
	if err != nil {
		return Data{}, err
	}
	files["user-data"] = user // cloud-init takes no disk without it, so an empty one is written too
	network, err := content{
		field: "networkData", inline: source.NetworkData, base64: source.NetworkDataBase64,
		secret: source.NetworkDataSecretRef != nil, dir: filepath.Join(secrets, "network"), key: "networkdata",
	}.read()
	if err != nil {
		return Data{}, err
	}
	if len(network) > 0 {
		files["network-config"] = network
	}
	return Data{Label: "cidata", Files: files}, nil
}

// content is one of the three ways to give user data or a network configuration.
type content struct {
	field, inline, base64 string
	secret                bool
	dir, key              string
}

func (c content) read() ([]byte, error) {
	switch {
	case c.secret:
		return c.fromSecret()
	case c.base64 != "":
		if base64.StdEncoding.DecodedLen(len(c.base64)) > 2*maxInline {
			return nil, fmt.Errorf("%sBase64 is longer than %d bytes; use a secret", c.field, maxInline)
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(c.base64))
		if err != nil {
			return nil, fmt.Errorf("%sBase64 is not base64: %w", c.field, err)
		}
		return c.limited(raw)
	}
	return c.limited([]byte(c.inline))
}

func (c content) limited(raw []byte) ([]byte, error) {
	if len(raw) > maxInline {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are allowed; use a secret", c.field, len(raw), maxInline)
	}
	return raw, nil
}

// fromSecret reads the key from the secret's directory; both spellings are in use.
func (c content) fromSecret() ([]byte, error) {
	spelled := strings.TrimSuffix(c.key, "data") + "Data"
	for _, key := range []string{c.key, spelled} {
		f, err := os.Open(filepath.Join(c.dir, key))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read secret for %s: %w", c.field, err)
		}
		defer f.Close()
		raw, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
		if err != nil {
			return nil, fmt.Errorf("read secret for %s: %w", c.field, err)
		}
		if len(raw) > maxSecret {
			return nil, fmt.Errorf("the secret for %s is larger than %d bytes", c.field, maxSecret)
		}
		return raw, nil
	}
	return nil, fmt.Errorf("the secret for %s has no key %q", c.field, c.key)
}
