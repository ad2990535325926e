// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/cert"
	"k8s.io/klog/v2"
)

const (
	commonName = "virt-nodeplugin:"
	// patience is how long a request is waited for; virt-apiserver may be down. Kubernetes itself
	// removes requests that nobody signs.
	patience = 15 * time.Minute
)

// request gets a certificate for a new key.
func (m *Manager) request(ctx context.Context) (*ecdsa.PrivateKey, []*x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: commonName + m.config.Node},
		URIs:    []*url.URL{{Scheme: "spiffe", Host: "virtplane.io", Path: "/nodeplugin/" + m.config.Node}},
	}, key)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate request: %w", err)
	}
	filed, err := m.config.Requests.CreateRequest(ctx, &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "virt-nodeplugin-" + m.config.Node + "-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:    pem.EncodeToMemory(&pem.Block{Type: cert.CertificateRequestBlockType, Bytes: der}),
			SignerName: signerName,
			Usages:     []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageServerAuth},
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("file certificate request: %w", err)
	}
	chain, err := m.await(ctx, filed.Name)
	return key, chain, err
}

// await returns the certificate when it is signed. It asks again and again: a watch would need the
// right to list the requests of others.
func (m *Manager) await(ctx context.Context, name string) ([]*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	backoff := wait.Backoff{Duration: 100 * time.Millisecond, Factor: 1.5, Jitter: 0.1, Steps: 12, Cap: 5 * time.Second}
	for {
		select {
		case <-time.After(backoff.Step()):
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for certificate request %s: %w", name, ctx.Err())
		}
		request, err := m.config.Requests.GetRequest(ctx, name)
		switch {
		case apierrors.IsNotFound(err):
			return nil, fmt.Errorf("get certificate request %s: %w", name, err)
		case err != nil:
			klog.FromContext(ctx).V(2).Info("Certificate request cannot be read now", "err", err)
			continue
		}
		for _, c := range request.Status.Conditions {
			if c.Status == corev1.ConditionTrue && c.Type != certificatesv1.CertificateApproved {
				return nil, fmt.Errorf("certificate request %s is %s: %s", name, c.Type, c.Message)
			}
		}
		if len(request.Status.Certificate) == 0 {
			continue
		}
		chain, err := cert.ParseCertsPEM(request.Status.Certificate)
		if err != nil {
			return nil, fmt.Errorf("read certificate of request %s: %w", name, err)
		}
		if len(chain) == 0 {
			return nil, errors.New("read certificate: it is empty")
		}
		return chain, nil
	}
}
