// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
)

const life = 30 * 24 * time.Hour

// authority is virt-apiserver: it signs what is asked for and publishes its CA.
type authority struct {
	t *testing.T
	// mu guards what follows.
	mu   sync.Mutex
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	// filed are the requests, and bundle takes a new CA bundle to publish.
	filed  []*certificatesv1.CertificateSigningRequest
	bundle chan string
	// down, denied and forSomebodyElse are ways to be of no help.
	down, denied, forSomebodyElse bool
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, bundle: make(chan string, 10)}
	a.replaceCA()
	return a
}

// replaceCA makes a new CA and publishes it.
func (a *authority) replaceCA() {
	a.mu.Lock()
	defer a.mu.Unlock()
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now(), NotAfter: time.Now().Add(100 * life), KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(raw); err != nil {
		a.t.Fatal(err)
	}
	a.bundle <- string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
}

func (a *authority) WatchConfigMap(ctx context.Context, _, _ string, seen func(*corev1.ConfigMap)) {
	for {
		select {
		case bundle := <-a.bundle:
			seen(&corev1.ConfigMap{Data: map[string]string{bundleKey: bundle}})
		case <-ctx.Done():
			return
		}
	}
}

func (a *authority) CreateRequest(_ context.Context, r *certificatesv1.CertificateSigningRequest) (*certificatesv1.CertificateSigningRequest, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down {
		return nil, errors.New("connection refused")
	}
	r.Name = r.GenerateName + "x"
	a.filed = append(a.filed, r)
	return r, nil
}

func (a *authority) GetRequest(context.Context, string) (*certificatesv1.CertificateSigningRequest, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.filed[len(a.filed)-1].DeepCopy()
	if a.denied {
		r.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{
			Type: certificatesv1.CertificateDenied, Status: corev1.ConditionTrue, Message: "not this node",
		}}
		return r, nil
	}
	block, _ := pem.Decode(r.Spec.Request)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		a.t.Error(err)
		return nil, err
	}
	public := csr.PublicKey
	if a.forSomebodyElse {
		public = &a.key.PublicKey
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now(), NotAfter: time.Now().Add(life), URIs: csr.URIs,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		a.t.Error(err)
		return nil, err
	}
	r.Status.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	return r, nil
}

// requests returns the number of requests.
func (a *authority) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.filed)
}

// recover makes it helpful again.
func (a *authority) recover() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down, a.denied, a.forSomebodyElse = false, false, false
}

// run runs a Manager in a bubble of time of its own.
func run(t *testing.T, prepare func(*authority), check func(*authority, *Manager)) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		if prepare != nil {
			prepare(a)
		}
		m, err := New(Config{Node: "node1", Namespace: "virtplane-system", Requests: a, Bundles: a})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); m.Run(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		check(a, m)
		cancel()
		<-done
	})
}

// serving returns the configuration that a client gets.
func serving(m *Manager) (*tls.Config, error) { return m.ServerConfig().GetConfigForClient(nil) }

func TestCertificateIsAskedForAndRenewedAtTwoThirdsOfItsLife(t *testing.T) {
	run(t, nil, func(a *authority, m *Manager) {
		config, err := serving(m)
		if err != nil {
			t.Fatal(err)
		}
		first := config.Certificates[0]
		if first.Leaf.URIs[0].String() != "spiffe://virtplane.io/nodeplugin/node1" || config.ClientAuth != tls.RequireAndVerifyClientCert {
			t.Fatalf("got %v", first.Leaf.URIs)
		}
		request := a.filed[0].Spec
		if request.SignerName != signerName || len(request.Usages) != 2 || !strings.Contains(string(request.Request), "CERTIFICATE REQUEST") {
			t.Fatalf("asked for %+v", request)
		}
		time.Sleep(life*2/3 - 5*time.Minute)
		if a.requests() != 1 {
			t.Fatalf("%d requests before two thirds of its life", a.requests())
		}
		time.Sleep(10 * time.Minute)
		config, err = serving(m)
		if err != nil || a.requests() != 2 || config.Certificates[0].Leaf.Equal(first.Leaf) {
			t.Fatalf("not renewed: %d requests, %v", a.requests(), err)
		}
	})
}

func TestNewCABringsANewCertificate(t *testing.T) {
	run(t, nil, func(a *authority, m *Manager) {
		a.replaceCA()
		time.Sleep(time.Minute)
		synctest.Wait()
		config, err := serving(m)
		if err != nil || a.requests() != 2 {
			t.Fatalf("%d requests, %v", a.requests(), err)
		}
		if err := config.Certificates[0].Leaf.CheckSignatureFrom(a.cert); err != nil {
			t.Fatal(err)
		}
		// A bundle that cannot be read changes nothing.
		a.bundle <- "nonsense"
		synctest.Wait()
		if _, err := serving(m); err != nil || a.requests() != 2 {
			t.Fatalf("%d requests, %v", a.requests(), err)
		}
	})
}

func TestWithoutCertificateNobodyIsServed(t *testing.T) {
	for name, prepare := range map[string]func(*authority){
		"API server is away":     func(a *authority) { a.down = true },
		"request is denied":      func(a *authority) { a.denied = true },
		"certificate is foreign": func(a *authority) { a.forSomebodyElse = true },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, prepare, func(a *authority, m *Manager) {
				if _, err := serving(m); err == nil {
					t.Fatal("served")
				}
				if a.requests() > 6 {
					t.Fatalf("%d requests in a minute", a.requests())
				}
				a.recover()
				time.Sleep(2 * time.Minute)
				if _, err := serving(m); err != nil {
					t.Fatalf("later: %v", err)
				}
			})
		})
	}
}
