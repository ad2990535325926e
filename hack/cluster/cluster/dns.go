// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/network"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// dnsFormat leads pods to the cluster's DNS, which runs beside the control plane: %[1]s is its Service address,
// %[2]s its own address.
const dnsFormat = `apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  clusterIP: %[1]s
  ports:
  - {name: dns, port: 53, protocol: UDP}
  - {name: dns-tcp, port: 53, protocol: TCP}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: kube-dns
  namespace: kube-system
  labels: {kubernetes.io/service-name: kube-dns}
addressType: IPv4
endpoints:
- addresses: [%[2]s]
ports:
- {name: dns, port: 53, protocol: UDP}
- {name: dns-tcp, port: 53, protocol: TCP}
`

// AddDNS makes the Service of the cluster's DNS.
func AddDNS(ctx context.Context, s *settings.Settings) error {
	objects := fmt.Sprintf(dnsFormat, network.DNSAddress, network.ControlAddress)
	_, err := Kubectl(ctx, s, strings.NewReader(objects), "apply", "--filename=-")
	return err
}
