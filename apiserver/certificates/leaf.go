// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// leaf is an end certificate of this process with its key.
type leaf struct {
	certPEM, keyPEM []byte
	tls             *tls.Certificate
}

// newLeaf makes a key and has ca certify it; template says for whom and for what.
func newLeaf(ca *keyPair, template x509.Certificate, now time.Time, life time.Duration) (*leaf, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	signed, err := sign(ca, template, key.Public(), now, life)
	if err != nil {
		return nil, err
	}
	certPEM, err := cert.EncodeCertificates(signed)
	if err != nil {
		return nil, fmt.Errorf("encode certificate: %w", err)
	}
	keyPEM, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return &leaf{
		certPEM: certPEM,
		keyPEM:  keyPEM,
		tls:     &tls.Certificate{Certificate: [][]byte{signed.Raw}, PrivateKey: key, Leaf: signed},
	}, nil
}

// sign certifies public with ca for life, or until ca itself ends.
func sign(ca *keyPair, template x509.Certificate, public crypto.PublicKey, now time.Time, life time.Duration) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.BasicConstraintsValid = true
	template.NotBefore = now.Add(-backdate)
	template.NotAfter = now.Add(life)
	if template.NotAfter.After(ca.cert.NotAfter) {
		template.NotAfter = ca.cert.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, ca.cert, public, ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	return signed, nil
}

// fresh tells that l was signed by ca, is valid already, which it is not once a clock was set back, and has at least a
// third of its life left.
func (l *leaf) fresh(ca *keyPair, now time.Time) bool {
	if l == nil {
		return false
	}
	c := l.tls.Leaf
	if !bytes.Equal(c.AuthorityKeyId, ca.cert.SubjectKeyId) || c.CheckSignatureFrom(ca.cert) != nil {
		return false
	}
	renew := c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) / 3 * 2)
	return now.Before(renew) && !now.Before(c.NotBefore)
}
