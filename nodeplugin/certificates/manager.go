// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package certificates gives the stream server its serving certificate, which virt-apiserver
// signs, and decides who may connect: virt-apiserver alone. The key never leaves the process.
package certificates

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/cert"
	"k8s.io/klog/v2"
)

const (
	// signerName is how virt-apiserver knows the requests that it signs.
	signerName = "virtplane.io/nodeplugin"
	// apiserverID is the URI in virt-apiserver's client certificate.
	apiserverID = "spiffe://virtplane.io/apiserver"
	// bundleName and bundleKey are where virt-apiserver publishes its CA.
	bundleName = "virtplane-ca-bundle"
	bundleKey  = "ca.crt"
)

// Requests files certificate signing requests.
type Requests interface {
	CreateRequest(context.Context, *certificatesv1.CertificateSigningRequest) (*certificatesv1.CertificateSigningRequest, error)
	GetRequest(ctx context.Context, name string) (*certificatesv1.CertificateSigningRequest, error)
}

// Bundles tells of the CA bundle and its changes.
type Bundles interface {
	WatchConfigMap(ctx context.Context, namespace, name string, seen func(*corev1.ConfigMap))
}

// Config is what a Manager works with.
type Config struct {
	Node      string
	Namespace string
	Requests  Requests
	Bundles   Bundles
}

// Manager keeps the serving certificate and the CA bundle.
type Manager struct {
	config Config
	// again asks for a new certificate before the present one needs it.
	again chan struct{}

	// mu guards what follows.
	mu      sync.Mutex
	current *tls.Certificate
	roots   *x509.CertPool
	bundle  string
}

// New returns a Manager.
func New(config Config) (*Manager, error) {
	switch {
	case config.Node == "" || config.Namespace == "":
		return nil, errors.New("node name and namespace are required")
	case config.Requests == nil || config.Bundles == nil:
		return nil, errors.New("requests and bundles are required")
	}
	return &Manager{config: config, again: make(chan struct{}, 1)}, nil
}

// Run keeps certificate and bundle fresh until ctx ends.
func (m *Manager) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		m.config.Bundles.WatchConfigMap(ctx, m.config.Namespace, bundleName, func(c *corev1.ConfigMap) { m.trust(ctx, c) })
	})
	// A request that fails is not repeated at once: each leaves an object behind.
	backoff := wait.Backoff{Duration: 2 * time.Second, Factor: 2, Jitter: 0.2, Steps: 6, Cap: time.Minute}
	retry := backoff
	for {
		expires, err := m.renew(ctx)
		pause := time.Until(expires)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			klog.FromContext(ctx).Error(err, "No new serving certificate")
			pause = retry.Step()
		} else {
			retry = backoff
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-m.again:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// renew gets a certificate and returns when to get the next: after two thirds of its life.
func (m *Manager) renew(ctx context.Context) (time.Time, error) {
	key, chain, err := m.request(ctx)
	if err != nil {
		return time.Time{}, err
	}
	leaf := chain[0]
	serving := &tls.Certificate{PrivateKey: key, Leaf: leaf}
	for _, c := range chain {
		serving.Certificate = append(serving.Certificate, c.Raw)
	}
	public, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || !public.Equal(&key.PublicKey) {
		return time.Time{}, errors.New("check new certificate: it is for another key")
	}
	m.mu.Lock()
	m.current = serving
	m.mu.Unlock()
	klog.FromContext(ctx).Info("Got a serving certificate", "expires", leaf.NotAfter)
	return leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) * 2 / 3), nil
}

// trust takes over a new CA bundle. When it no longer vouches for the own certificate there has
// been a new CA, and the certificate is replaced too.
func (m *Manager) trust(ctx context.Context, c *corev1.ConfigMap) {
	bundle := c.Data[bundleKey]
	m.mu.Lock()
	defer m.mu.Unlock()
	if bundle == m.bundle {
		return
	}
	list, err := cert.ParseCertsPEM([]byte(bundle))
	if err != nil {
		klog.FromContext(ctx).Error(err, "CA bundle cannot be read; keeping the old one")
		return
	}
	roots := x509.NewCertPool()
	for _, c := range list {
		roots.AddCert(c)
	}
	m.roots, m.bundle = roots, bundle
	if m.current == nil {
		return
	}
	_, err = m.current.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err != nil {
		select {
		case m.again <- struct{}{}:
		default:
		}
	}
}

// ServerConfig returns the TLS configuration of the stream server. It always uses the newest
// certificate and bundle.
func (m *Manager) ServerConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.current == nil || m.roots == nil {
				return nil, errors.New("no serving certificate or CA bundle yet")
			}
			return &tls.Config{
				MinVersion:       tls.VersionTLS13,
				NextProtos:       []string{"http/1.1"}, // websockets
				Certificates:     []tls.Certificate{*m.current},
				ClientCAs:        m.roots,
				ClientAuth:       tls.RequireAndVerifyClientCert,
				VerifyConnection: checkClient,
			}, nil
		},
	}
}

// checkClient lets in who has virt-apiserver's role. The chain and the purpose of the certificate
// have been verified; every other certificate of the CA, a node plugin's too, is refused.
func checkClient(state tls.ConnectionState) error {
	peer := state.PeerCertificates[0]
	if len(peer.URIs) != 1 || peer.URIs[0].String() != apiserverID {
		return fmt.Errorf("client is %v, not %s", peer.URIs, apiserverID)
	}
	return nil
}
