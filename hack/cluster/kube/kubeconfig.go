// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"encoding/base64"
	"fmt"

	"github.com/virtplane/virtplane/hack/cluster/network"
)

// server is the address of kube-apiserver for everybody outside its pods.
const server = "https://" + network.ControlAddress + ":6443"

// kubeconfig returns a kubeconfig with which user logs in by a new certificate.
func (p *pki) kubeconfig(user string, groups ...string) ([]byte, error) {
	client, err := p.cluster.client(user, groups...)
	if err != nil {
		return nil, err
	}
	encode := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: virtplane
clusters:
- name: virtplane
  cluster:
    server: %s
    certificate-authority-data: %s
contexts:
- name: virtplane
  context:
    cluster: virtplane
    user: %q
users:
- name: %q
  user:
    client-certificate-data: %s
    client-key-data: %s
`, server, encode(p.cluster.pem), user, user, encode(client.cert), encode(client.key)), nil
}
