// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	"k8s.io/utils/clock"
)

const (
	// leafLife is how long the certificates of virt-apiserver are valid; they are replaced at two thirds of it.
	leafLife = 90 * 24 * time.Hour
	// firstRetry and lastRetry bound the pauses between attempts to reach the CA Secret at the start.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// Clients are what a Manager works with.
type Clients struct {
	Kubernetes kubernetes.Interface
	Aggregator aggregator.Interface
}

// Manager owns the CA on behalf of one virt-apiserver process. Several processes share one CA through its Secret.
type Manager struct {
	clients   Clients
	namespace string
	service   string
	clock     clock.PassiveClock
	store     *store
	serving   *servingContent

	// mu guards what follows.
	mu        sync.RWMutex
	authority authority
	pool      *x509.CertPool
	bundle    []byte
	client    *leaf
	member    *Member
	// failed is how the last attempt to keep all this up to date went wrong, or nil.
	failed error
}

// NewManager loads the CA of namespace, makes it where there is none yet, and issues the certificates of this process,
// so that a server for the Service called service can start. It waits for the host cluster as long as ctx lets it and
// fails at once only for a CA Secret that cannot be used.
func NewManager(ctx context.Context, clients Clients, namespace, service string) (*Manager, error) {
	return newManager(ctx, clients, namespace, service, clock.RealClock{})
}

func newManager(ctx context.Context, clients Clients, namespace, service string, clock clock.PassiveClock) (*Manager, error) {
	m := &Manager{
		clients:   clients,
		namespace: namespace,
		service:   service,
		clock:     clock,
		store:     &store{secrets: clients.Kubernetes.CoreV1().Secrets(namespace), generate: generateAuthority},
		serving:   &servingContent{name: "virtplane-serving-cert"},
	}
	if err := m.loadWithRetry(ctx); err != nil {
		return nil, err
	}
	if err := m.renew(m.clock.Now()); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Manager) loadWithRetry(ctx context.Context) error {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := m.load(ctx, m.clock.Now())
		if err == nil || errors.Is(err, errBadSecret) {
			return err
		}
		klog.FromContext(ctx).Error(err, "Cannot load the CA yet", "retryIn", pause)
		select {
		case <-ctx.Done():
			return fmt.Errorf("load CA: %w (last: %w)", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// load takes over the authority of the Secret; from here on it is trusted and it signs.
func (m *Manager) load(ctx context.Context, now time.Time) error {
	a, err := m.store.sync(ctx, m.currentAuthority(), now)
	if err != nil {
		return err
	}
	bundle, err := a.bundle()
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.authority, m.bundle, m.pool = a, bundle, a.pool()
	return nil
}

// renew replaces the certificates of this process that are due or not signed by the current CA.
func (m *Manager) renew(now time.Time) error {
	ca := m.currentAuthority().current
	if !m.serving.current().fresh(ca, now) {
		serving, err := newLeaf(ca, servingTemplate(m.namespace, m.service), now, leafLife)
		if err != nil {
			return fmt.Errorf("issue serving certificate: %w", err)
		}
		m.serving.set(serving)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.client.fresh(ca, now) {
		client, err := newLeaf(ca, clientTemplate(), now, leafLife)
		if err != nil {
			return fmt.Errorf("issue client certificate: %w", err)
		}
		m.client = client
	}
	if m.member != nil {
		return m.member.renew(m.authority.members, now)
	}
	return nil
}

func servingTemplate(namespace, service string) x509.Certificate {
	return x509.Certificate{
		Subject:     pkix.Name{CommonName: service + "." + namespace + ".svc"},
		DNSNames:    []string{service + "." + namespace + ".svc", service + "." + namespace, service, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

func clientTemplate() x509.Certificate {
	return x509.Certificate{
		Subject:     pkix.Name{CommonName: "virt-apiserver"},
		URIs:        []*url.URL{{Scheme: "spiffe", Host: "virtplane.io", Path: "/apiserver"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

func (m *Manager) currentAuthority() authority {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.authority
}

// CABundle returns the PEM of every CA that is to be trusted at the moment.
func (m *Manager) CABundle() []byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.bundle
}

// Serving returns the serving certificate of virt-apiserver; the server that listens to it swaps it without a restart.
func (m *Manager) Serving() dynamiccertificates.CertKeyContentProvider { return m.serving }

// ClientCertificate returns the certificate of virt-apiserver towards node plugins, for tls.Config.GetClientCertificate.
func (m *Manager) ClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.client.tls, nil
}

// NodeTLSConfig returns the configuration for dialling the plugin of node; any other peer is refused. It follows
// rotations, so it may be kept.
func (m *Manager) NodeTLSConfig(node string) *tls.Config {
	id := nodePluginID(node)
	return &tls.Config{
		MinVersion:           tls.VersionTLS13,
		GetClientCertificate: m.ClientCertificate,
		// A plugin is known by its URI and not by a DNS name; VerifyConnection checks the chain and the URI.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			m.mu.RLock()
			roots := m.pool
			m.mu.RUnlock()
			return verifyPeer(state, roots, id, x509.ExtKeyUsageServerAuth, m.clock.Now())
		},
	}
}
