// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (f *fakeAPI) listBundles(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("watch") != "" {
		<-r.Context().Done()
		return
	}
	reply(w, http.StatusOK, &corev1.ConfigMapList{
		TypeMeta: metav1.TypeMeta{Kind: "ConfigMapList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"},
		Items: []corev1.ConfigMap{{
			ObjectMeta: metav1.ObjectMeta{Name: "virtplane-ca-bundle", Namespace: r.PathValue("namespace")},
			Data:       map[string]string{"ca.crt": encodePEM("CERTIFICATE", f.ca.Raw)},
		}},
	})
}

func (f *fakeAPI) postRequest(w http.ResponseWriter, r *http.Request) {
	request := &certificatesv1.CertificateSigningRequest{}
	if !f.decode(w, r, request) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	request.TypeMeta = metav1.TypeMeta{Kind: "CertificateSigningRequest", APIVersion: "certificates.k8s.io/v1"}
	request.Name = request.GenerateName + strconv.Itoa(len(f.requests))
	f.requests[request.Name] = request
	reply(w, http.StatusCreated, request)
}

// getRequest signs a request when it is asked for, as virt-apiserver would have by then.
func (f *fakeAPI) getRequest(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	request := f.requests[r.PathValue("name")]
	block, _ := pem.Decode(request.Spec.Request)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || request.Spec.SignerName != "virtplane.io/nodeplugin" || csr.Subject.CommonName != "virt-nodeplugin:"+testNode ||
		len(csr.URIs) != 1 || csr.URIs[0].String() != "spiffe://virtplane.io/nodeplugin/"+testNode {
		f.t.Errorf("request %+v: %v", csr, err)
	}
	request.Status.Certificate = []byte(encodePEM("CERTIFICATE", f.sign(csr.PublicKey, csr.URIs, x509.ExtKeyUsageServerAuth).Raw))
	reply(w, http.StatusOK, request)
}

func (f *fakeAPI) sign(public any, uris []*url.URL, usage x509.ExtKeyUsage) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}, URIs: uris,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, f.ca, public, f.caKey)
	if err != nil {
		f.t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(raw)
	if err != nil {
		f.t.Fatal(err)
	}
	return signed
}

// identity returns a TLS configuration for a client that is id and trusts the CA.
func (f *fakeAPI) identity(id string, usage x509.ExtKeyUsage) *tls.Config {
	f.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	uri, err := url.Parse(id)
	if err != nil {
		f.t.Fatal(err)
	}
	leaf := f.sign(&key.PublicKey, []*url.URL{uri}, usage)
	roots := x509.NewCertPool()
	roots.AddCert(f.ca)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}, RootCAs: roots, InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
			return err
		},
	}
}

func newCA(t testing.TB) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return ca, key
}

func encodePEM(kind string, der []byte) string {
	var text strings.Builder
	pem.Encode(&text, &pem.Block{Type: kind, Bytes: der})
	return text.String()
}
