// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

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

// issuer is a certificate authority.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte
}

// pair is a certificate with its key, in PEM.
type pair struct{ cert, key []byte }

// writePKI makes all keys and certificates of kube-apiserver and returns the CA of its clients.
func writePKI(dir string) (*issuer, error) {
	ca, err := newIssuer("controlplane-ca")
	if err != nil {
		return nil, err
	}
	// A CA of its own: with one CA for both, any client could pass for the front proxy.
	frontProxy, err := newIssuer("controlplane-front-proxy-ca")
	if err != nil {
		return nil, err
	}
	serving, err := ca.server()
	if err != nil {
		return nil, err
	}
	proxy, err := frontProxy.client(frontProxyName)
	if err != nil {
		return nil, err
	}
	accounts, accountsPEM, err := newKey()
	if err != nil {
		return nil, err
	}
	verifier, err := x509.MarshalPKIXPublicKey(accounts.Public())
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	for name, content := range map[string][]byte{
		"ca.crt": ca.pem, "front-proxy-ca.crt": frontProxy.pem,
		"apiserver.crt": serving.cert, "apiserver.key": serving.key,
		"proxy.crt": proxy.cert, "proxy.key": proxy.key,
		"sa.key": accountsPEM, "sa.pub": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: verifier}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return nil, fmt.Errorf("write key or certificate: %w", err)
		}
	}
	return ca, nil
}

func newIssuer(name string) (*issuer, error) {
	key, _, err := newKey()
	if err != nil {
		return nil, err
	}
	t, err := template(name)
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
	return &issuer{cert: cert, key: key, pem: certPEM(der)}, nil
}

// client issues a certificate whose user is name in groups.
func (i *issuer) client(name string, groups ...string) (pair, error) {
	t, err := template(name)
	if err != nil {
		return pair{}, err
	}
	t.Subject.Organization = groups
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return i.sign(t)
}

// server issues a certificate for the loopback address.
func (i *issuer) server() (pair, error) {
	t, err := template("localhost")
	if err != nil {
		return pair{}, err
	}
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames, t.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	return i.sign(t)
}

func (i *issuer) sign(t *x509.Certificate) (pair, error) {
	key, keyPEM, err := newKey()
	if err != nil {
		return pair{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, i.cert, key.Public(), i.key)
	if err != nil {
		return pair{}, fmt.Errorf("sign certificate of %s: %w", t.Subject.CommonName, err)
	}
	return pair{cert: certPEM(der), key: keyPEM}, nil
}

func newKey() (crypto.Signer, []byte, error) {
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

func template(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-certLife),
		NotAfter:     time.Now().Add(certLife),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}, nil
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
