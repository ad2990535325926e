// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"

	"github.com/virtplane/virtplane/hack/cluster/network"
)

// mastersGroup is bound to cluster-admin in every cluster.
const mastersGroup = "system:masters"

// pki holds the authorities of one cluster while its files are written.
type pki struct {
	// cluster signs servers and clients.
	cluster *authority
	// frontProxy signs only the certificate with which kube-apiserver calls aggregated API servers: nobody else must
	// be able to name the user that a request is for.
	frontProxy *authority
}

func newPKI() (*pki, error) {
	cluster, err := newAuthority("virtplane-cluster")
	if err != nil {
		return nil, err
	}
	frontProxy, err := newAuthority("virtplane-front-proxy")
	if err != nil {
		return nil, err
	}
	return &pki{cluster: cluster, frontProxy: frontProxy}, nil
}

// controlFiles returns the files of the control plane, by name.
func (p *pki) controlFiles() (map[string][]byte, error) {
	apiserver, err := p.cluster.server("kube-apiserver", network.ControlAddress, network.APIServiceAddress, "127.0.0.1",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
	if err != nil {
		return nil, err
	}
	kubeletClient, err := p.cluster.client("kube-apiserver-kubelet-client", mastersGroup)
	if err != nil {
		return nil, err
	}
	frontProxyClient, err := p.frontProxy.client(frontProxyName)
	if err != nil {
		return nil, err
	}
	clusterKey, err := encodeKey(p.cluster.key)
	if err != nil {
		return nil, err
	}
	serviceAccounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serviceAccountKey, err := encodeKey(serviceAccounts)
	if err != nil {
		return nil, err
	}
	serviceAccountPub, err := x509.MarshalPKIXPublicKey(serviceAccounts.Public())
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"ca.crt": p.cluster.pem, "ca.key": clusterKey,
		"front-proxy-ca.crt": p.frontProxy.pem,
		"apiserver.crt":      apiserver.cert, "apiserver.key": apiserver.key,
		"apiserver-kubelet-client.crt": kubeletClient.cert, "apiserver-kubelet-client.key": kubeletClient.key,
		"front-proxy-client.crt": frontProxyClient.cert, "front-proxy-client.key": frontProxyClient.key,
		"sa.key": serviceAccountKey, "sa.pub": encodePEM("PUBLIC KEY", serviceAccountPub),
	}, nil
}
