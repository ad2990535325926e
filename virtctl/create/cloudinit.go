// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Sources of cloud-init.
const (
	sourceNoCloud     = "nocloud"
	sourceConfigDrive = "configdrive"
	sourceNone        = "none"
)

const (
	cloudInitVolume = "cloudinitdisk"
	cloudInitHeader = "#cloud-config"
)

// addCloudInit adds a volume for cloud-init where it has something to say, or is asked for.
func (d *draft) addCloudInit() error {
	config, err := d.config()
	if err != nil {
		return err
	}
	nothing := len(config) == 0 && d.UserData == "" && d.NetworkData == ""
	switch d.cloudInit {
	case sourceNone:
		if len(d.SSHKeys) > 0 || d.Password != "" || d.UserData != "" || d.NetworkData != "" {
			return errors.New("--cloud-init=none leaves no place for the other cloud-init flags; leave either out")
		}
		return nil
	case "", sourceNoCloud, sourceConfigDrive:
	default:
		return fmt.Errorf("--cloud-init=%s: use nocloud, configdrive or none", d.CloudInit)
	}
	if d.cloudInit == "" && nothing {
		return nil
	}
	for _, given := range []struct{ flag, data string }{{"user", d.UserData}, {"network", d.NetworkData}} {
		if _, err := base64.StdEncoding.DecodeString(given.data); err != nil {
			return fmt.Errorf("--cloud-init-%s-data is not base64: encode it, for example with base64 -w0", given.flag)
		}
	}
	data := v1.CloudInitNoCloudSource{UserDataBase64: d.UserData, NetworkDataBase64: d.NetworkData}
	if d.UserData == "" {
		if data.UserData, err = encode(config); err != nil {
			return err
		}
	}
	source := v1.VolumeSource{CloudInitNoCloud: &data}
	if d.cloudInit == sourceConfigDrive {
		drive := v1.CloudInitConfigDriveSource(data)
		source = v1.VolumeSource{CloudInitConfigDrive: &drive}
	}
	return d.add(&params{flag: "cloud-init", text: d.CloudInit}, cloudInitVolume, source)
}

// config returns what cloud-init is told by the flags.
func (d *draft) config() (map[string]any, error) {
	config := map[string]any{}
	if d.User != "" {
		config["user"] = d.User
	}
	if d.Password != "" {
		config["password"] = d.Password
		config["chpasswd"] = map[string]any{"expire": false}
	}
	for _, key := range d.SSHKeys {
		if strings.TrimSpace(key) == "" || strings.ContainsAny(key, "\r\n") {
			return nil, fmt.Errorf("--ssh-key=%q is not one line with a public key", key)
		}
	}
	if len(d.SSHKeys) > 0 {
		config["ssh_authorized_keys"] = d.SSHKeys
	}
	if d.agentManagesSSH {
		config["runcmd"] = [][]string{{"setsebool", "-P", "virt_qemu_ga_manage_ssh", "on"}}
	}
	if d.UserData != "" && (d.User != "" || d.Password != "" || len(d.SSHKeys) > 0 || d.AgentManagesSSH != nil) {
		return nil, errors.New("--cloud-init-user-data is all of the user data; leave out --user, --password-file, --ssh-key and --ga-manage-ssh")
	}
	return config, nil
}

// encode returns user data. Values are quoted where YAML would take them for something else than text.
func encode(config map[string]any) (string, error) {
	if len(config) == 0 {
		return cloudInitHeader, nil
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("encode cloud-init configuration: %w", err)
	}
	return cloudInitHeader + "\n" + string(text), nil
}
