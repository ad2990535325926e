// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubeapiserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certLife covers the longest run, and a clock that is off by as much.
const certLife = 24 * time.Hour

// Issuer is a certificate authority.
type Issuer struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	// PEM is Cert encoded.
	PEM []byte
}

// Pair is a certificate with its key, in PEM.
type Pair struct{ Cert, Key []byte }

// PKI are the certificate authorities of a kube-apiserver.
type PKI struct {
	// CA signs its serving certificate and clients, FrontProxy its login at aggregated servers.
	CA, FrontProxy *Issuer
}

// WritePKI makes all keys and certificates that Flags name, into dir.
func WritePKI(dir string) (*PKI, error) {
	ca, err := NewIssuer("test-ca")
	if err != nil {
		return nil, err
	}
	// A CA of its own: with one CA for both, any client could pass for the front proxy.
	frontProxy, err := NewIssuer("test-front-proxy-ca")
	if err != nil {
		return nil, err
	}
	serving, err := ca.Server()
	if err != nil {
		return nil, err
	}
	proxy, err := frontProxy.Client(FrontProxyName)
	if err != nil {
		return nil, err
	}
	accounts, accountsPEM, err := NewKey()
	if err != nil {
		return nil, err
	}
	verifier, err := x509.MarshalPKIXPublicKey(accounts.Public())
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	return &PKI{CA: ca, FrontProxy: frontProxy}, WriteFiles(dir, map[string][]byte{
		"ca.crt": ca.PEM, "front-proxy-ca.crt": frontProxy.PEM,
		"apiserver.crt": serving.Cert, "apiserver.key": serving.Key,
		"proxy.crt": proxy.Cert, "proxy.key": proxy.Key,
		"sa.key": accountsPEM, "sa.pub": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: verifier}),
	})
}

// WriteFiles writes files, by name, into dir.
func WriteFiles(dir string, files map[string][]byte) error {
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	}
	return nil
}

// NewIssuer makes a certificate authority.
func NewIssuer(name string) (*Issuer, error) {
	key, _, err := NewKey()
	if err != nil {
		return nil, err
	}
	t, err := Template(pkix.Name{CommonName: name})
	if err != nil {
		return nil, err
	}
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign CA %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parse CA %s: %w", name, err)
	}
	return &Issuer{Cert: cert, Key: key, PEM: CertPEM(der)}, nil
}

// Client issues a certificate whose user is name in groups.
func (i *Issuer) Client(name string, groups ...string) (Pair, error) {
	t, err := Template(pkix.Name{CommonName: name, Organization: groups})
	if err != nil {
		return Pair{}, err
	}
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return i.sign(t)
}

// Server issues a certificate for the loopback address.
func (i *Issuer) Server() (Pair, error) {
	t, err := Template(pkix.Name{CommonName: "localhost"})
	if err != nil {
		return Pair{}, err
	}
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames, t.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	return i.sign(t)
}

func (i *Issuer) sign(t *x509.Certificate) (Pair, error) {
	key, keyPEM, err := NewKey()
	if err != nil {
		return Pair{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, i.Cert, key.Public(), i.Key)
	if err != nil {
		return Pair{}, fmt.Errorf("sign certificate of %s: %w", t.Subject.CommonName, err)
	}
	return Pair{Cert: CertPEM(der), Key: keyPEM}, nil
}

// NewKey makes a private key and its encoding in PEM.
func NewKey() (crypto.Signer, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generate key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encode key: %w", err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// Template is what all certificates have in common.
func Template(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    time.Now().Add(-certLife),
		NotAfter:     time.Now().Add(certLife),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}, nil
}

// CertPEM encodes a certificate.
func CertPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
