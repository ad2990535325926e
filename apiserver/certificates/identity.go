// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// APIServerID is the URI in the client certificate with which virt-apiserver calls node plugins.
const APIServerID = "spiffe://virtplane.io/apiserver"

// nodePluginID returns the URI in the serving certificate of node's plugin.
func nodePluginID(node string) string { return nodePluginURI(node).String() }

func nodePluginURI(node string) *url.URL {
	return &url.URL{Scheme: "spiffe", Host: "virtplane.io", Path: "/nodeplugin/" + node}
}

// verifyPeer checks a peer by chain, purpose and its one URI; certificates inside virtplane carry no DNS names.
func verifyPeer(state tls.ConnectionState, roots *x509.CertPool, id string, usage x509.ExtKeyUsage, now time.Time) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("verify peer: it sent no certificate")
	}
	peer := state.PeerCertificates[0]
	intermediates := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		intermediates.AddCert(c)
	}
	_, err := peer.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: intermediates,
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return fmt.Errorf("verify peer: %w", err)
	}
	if len(peer.URIs) != 1 || peer.URIs[0].String() != id {
		return fmt.Errorf("verify peer: it is %v, want %s", peer.URIs, id)
	}
	return nil
}
