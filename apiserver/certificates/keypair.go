// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

const (
	// authorityLife is how long a CA is valid.
	authorityLife = 10 * 365 * 24 * time.Hour
	// membersLife is how long the CA of the members of the embedded etcd is valid: for good, since a member reads whom to
	// trust when it starts, and may run for years.
	membersLife = 100 * 365 * 24 * time.Hour
	// backdate lets machines whose clock is behind accept a new certificate.
	backdate = time.Hour
)

// keyPair is a CA certificate with its key, parsed and as PEM.
type keyPair struct {
	cert    *x509.Certificate
	key     crypto.Signer
	certPEM []byte
	keyPEM  []byte
}

// generateAuthority makes a self-signed ECDSA P-256 CA.
func generateAuthority(now time.Time) (*keyPair, error) {
	return generateCA("virtplane-ca", now, authorityLife)
}

// generateMembersAuthority makes the CA of the members of the embedded etcd.
func generateMembersAuthority(now time.Time) (*keyPair, error) {
	return generateCA("virtplane-etcd-ca", now, membersLife)
}

func generateCA(name string, now time.Time, life time.Duration) (*keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate CA key: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		// The time keeps the names of successive CAs apart, for people who look at a bundle.
		Subject:               pkix.Name{CommonName: fmt.Sprintf("%s@%d", name, now.Unix())},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(life),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("create CA certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parse CA certificate: %w", err)
	}
	certPEM, err := cert.EncodeCertificates(parsed)
	if err != nil {
		return nil, fmt.Errorf("encode CA certificate: %w", err)
	}
	keyPEM, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, fmt.Errorf("encode CA key: %w", err)
	}
	return &keyPair{cert: parsed, key: key, certPEM: certPEM, keyPEM: keyPEM}, nil
}

// parseKeyPair reads a CA and refuses one that cannot sign.
func parseKeyPair(certPEM, keyPEM []byte) (*keyPair, error) {
	certs, err := cert.ParseCertsPEM(certPEM)
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	if len(certs) != 1 {
		return nil, fmt.Errorf("parse certificate: %d certificates, want one", len(certs))
	}
	if !certs[0].IsCA {
		return nil, errors.New("parse certificate: it is not a CA certificate")
	}
	parsed, err := keyutil.ParsePrivateKeyPEM(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("parse key: %w", err)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("parse key: a %T cannot sign", parsed)
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(certs[0].PublicKey) {
		return nil, errors.New("the key does not belong to the certificate")
	}
	return &keyPair{cert: certs[0], key: key, certPEM: certPEM, keyPEM: keyPEM}, nil
}

// same tells that both are the same certificate, or both absent.
func (p *keyPair) same(q *keyPair) bool {
	if p == nil || q == nil {
		return p == q
	}
	return bytes.Equal(p.cert.Raw, q.cert.Raw)
}

// newSerial returns 127 random bits; RFC 5280 asks for a positive number of at most 20 bytes.
func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	return serial.Add(serial, big.NewInt(1)), nil
}
