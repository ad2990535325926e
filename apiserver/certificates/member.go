// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// memberIDPrefix begins the URI in the certificate of a member of the embedded etcd; the member's name follows.
const memberIDPrefix = "spiffe://virtplane.io/etcd/"

// Files of a member, below the directory that it was given.
const (
	// One file holds certificate and key, so that nobody reads halves that do not belong together.
	memberPairFile = "member.pem"
	memberCAFile   = "members-ca.pem"
)

// Member is the identity of this process as a member of the embedded etcd. It is renewed with the other certificates.
type Member struct {
	name, host, dir string
	clock           clock.PassiveClock

	// mu guards what follows.
	mu    sync.RWMutex
	leaf  *leaf
	roots *x509.CertPool
}

// Member issues the certificate of the member called name, which its peers reach at host, a DNS name or an IP address.
// It is kept in files below dir as well, where etcd reads it for each connection that it opens.
func (m *Manager) Member(name, host, dir string) (*Member, error) {
	member := &Member{name: name, host: host, dir: dir, clock: m.clock}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory of the member's certificate: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := member.renew(m.authority.members, m.clock.Now()); err != nil {
		return nil, err
	}
	m.member = member
	return member, nil
}

// renew replaces the certificate when it is due or not signed by ca.
func (m *Member) renew(ca *keyPair, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leaf.fresh(ca, now) {
		return nil
	}
	renewed, err := newLeaf(ca, memberTemplate(m.name, m.host), now, leafLife)
	if err != nil {
		return fmt.Errorf("issue certificate of etcd member %s: %w", m.name, err)
	}
	for name, content := range map[string][]byte{memberPairFile: slices.Concat(renewed.certPEM, renewed.keyPEM), memberCAFile: ca.certPEM} {
		if err := replaceFile(filepath.Join(m.dir, name), content); err != nil {
			return fmt.Errorf("write certificate of etcd member %s: %w", m.name, err)
		}
	}
	m.roots = x509.NewCertPool()
	m.roots.AddCert(ca.cert)
	m.leaf = renewed
	return nil
}

func memberTemplate(name, host string) x509.Certificate {
	t := x509.Certificate{
		Subject:     pkix.Name{CommonName: "virtplane-etcd:" + name},
		URIs:        []*url.URL{{Scheme: "spiffe", Host: "virtplane.io", Path: "/etcd/" + name}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		t.IPAddresses = []net.IP{ip}
	} else {
		t.DNSNames = []string{host}
	}
	return t
}

func replaceFile(path string, content []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// Files returns the files that hold the certificate, the key and the CA of the members. Certificate and key are one file.
func (m *Member) Files() (cert, key, ca string) {
	pair := filepath.Join(m.dir, memberPairFile)
	return pair, pair, filepath.Join(m.dir, memberCAFile)
}

// ServerConfig returns the configuration for serving other members and nobody else. It follows renewals, so it may be kept.
func (m *Member) ServerConfig() *tls.Config {
	return &tls.Config{
		MinVersion:       tls.VersionTLS13,
		ClientAuth:       tls.RequireAnyClientCert,
		GetCertificate:   func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return m.certificate(), nil },
		VerifyConnection: m.verify(x509.ExtKeyUsageClientAuth, ""),
	}
}

// ClientConfig returns the configuration for dialling the member at host, a DNS name or an IP address.
func (m *Member) ClientConfig(host string) *tls.Config {
	return &tls.Config{
		MinVersion:           tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return m.certificate(), nil },
		// VerifyConnection checks the chain against the CA of the moment, the name and the role.
		InsecureSkipVerify: true,
		VerifyConnection:   m.verify(x509.ExtKeyUsageServerAuth, host),
	}
}

func (m *Member) certificate() *tls.Certificate { return m.current().tls }

func (m *Member) current() *leaf {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.leaf
}

// verify accepts members, and of them the one at host when host is given.
func (m *Member) verify(usage x509.ExtKeyUsage, host string) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("verify etcd member: it sent no certificate")
		}
		m.mu.RLock()
		roots := m.roots
		m.mu.RUnlock()
		peer := state.PeerCertificates[0]
		_, err := peer.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: m.clock.Now(), KeyUsages: []x509.ExtKeyUsage{usage}, DNSName: host})
		if err != nil {
			return fmt.Errorf("verify etcd member: %w", err)
		}
		if len(peer.URIs) != 1 || !strings.HasPrefix(peer.URIs[0].String(), memberIDPrefix) {
			return fmt.Errorf("verify etcd member: it is %v, which is not a member", peer.URIs)
		}
		return nil
	}
}
