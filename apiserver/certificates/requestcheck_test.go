// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"net/url"
	"strings"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
)

const nodeNameKey = "authentication.kubernetes.io/node-name"

// requestFor returns the request that the plugin of node makes, and its key.
func requestFor(t *testing.T, node string, edit ...func(*x509.CertificateRequest)) (certificatesv1.CertificateSigningRequestSpec, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certificatesv1.CertificateSigningRequestSpec{
		SignerName: "virtplane.io/nodeplugin",
		Username:   "system:serviceaccount:virtplane-system:virt-nodeplugin",
		Extra:      map[string]certificatesv1.ExtraValue{nodeNameKey: {node}},
		Usages:     []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageServerAuth},
		Request:    encodeRequest(t, key, node, edit...),
	}, key
}

func encodeRequest(t *testing.T, key crypto.Signer, node string, edit ...func(*x509.CertificateRequest)) []byte {
	t.Helper()
	template := &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "virt-nodeplugin:" + node},
		URIs:    []*url.URL{mustURL(t, "spiffe://virtplane.io/nodeplugin/"+node)},
	}
	for _, e := range edit {
		e(template)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCheckRequestGrantsAPluginItsOwnNode(t *testing.T) {
	for _, node := range []string{"node-1", "ip-10-0-0-1.example.org"} {
		spec, key := requestFor(t, node)
		granted, err := checkRequest(&spec, "virtplane-system")
		if err != nil {
			t.Fatalf("node %s: %v", node, err)
		}
		if granted.node != node || !key.PublicKey.Equal(granted.public) {
			t.Errorf("granted %+v, want node %s and its key", granted, node)
		}
	}
}

func TestCheckRequestRefuses(t *testing.T) {
	type spec = certificatesv1.CertificateSigningRequestSpec
	type request = x509.CertificateRequest
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		spec func(*spec)
		csr  func(*request)
		want string
	}{
		{name: "another signer", spec: func(s *spec) { s.SignerName = "example.org/x" }, want: "the signer is"},
		{name: "a user", spec: func(s *spec) { s.Username = "admin" }, want: "the requester is \"admin\""},
		{name: "an account of the same name elsewhere",
			spec: func(s *spec) { s.Username = "system:serviceaccount:default:virt-nodeplugin" }, want: "the requester is"},
		{name: "another account of the namespace",
			spec: func(s *spec) { s.Username = "system:serviceaccount:virtplane-system:virt-controller" }, want: "the requester is"},
		{name: "a token without a node", spec: func(s *spec) { s.Extra = nil }, want: "names 0 nodes"},
		{name: "a token with two nodes",
			spec: func(s *spec) { s.Extra[nodeNameKey] = certificatesv1.ExtraValue{"node-1", "node-2"} }, want: "names 2 nodes"},
		{name: "a token of another node",
			spec: func(s *spec) { s.Extra[nodeNameKey] = certificatesv1.ExtraValue{"node-2"} }, want: "the subject is"},
		{name: "an empty node name", spec: func(s *spec) { s.Extra[nodeNameKey] = certificatesv1.ExtraValue{""} }, want: "is not valid"},
		{name: "a node name with a path", spec: func(s *spec) { s.Extra[nodeNameKey] = certificatesv1.ExtraValue{"a/../b"} }, want: "is not valid"},
		{name: "client auth", spec: func(s *spec) { s.Usages = append(s.Usages, certificatesv1.UsageClientAuth) }, want: `"client auth" is not allowed`},
		{name: "cert sign", spec: func(s *spec) { s.Usages = append(s.Usages, certificatesv1.UsageCertSign) }, want: `"cert sign" is not allowed`},
		{name: "no server auth", spec: func(s *spec) { s.Usages = s.Usages[:1] }, want: `"server auth" is missing`},
		{name: "another common name", csr: func(r *request) { r.Subject.CommonName = "virt-nodeplugin:node-2" }, want: "the subject is"},
		{name: "an organization", csr: func(r *request) { r.Subject.Organization = []string{"system:masters"} }, want: "the subject is"},
		{name: "no URI", csr: func(r *request) { r.URIs = nil }, want: "the URI names are []"},
		{name: "another node's URI", csr: func(r *request) { r.URIs[0].Path = "/nodeplugin/node-2" }, want: "the URI names are"},
		{name: "virt-apiserver's URI", csr: func(r *request) { r.URIs[0].Path = "/apiserver" }, want: "the URI names are"},
		{name: "a URI with a query", csr: func(r *request) { r.URIs[0].RawQuery = "x=y" }, want: "the URI names are"},
		{name: "a second URI", csr: func(r *request) { r.URIs = append(r.URIs, r.URIs[0]) }, want: "the URI names are"},
		{name: "a DNS name", csr: func(r *request) { r.DNSNames = []string{"virt-apiserver"} }, want: "1 DNS, IP or email names"},
		{name: "an IP address", csr: func(r *request) { r.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)} }, want: "1 DNS, IP or email names"},
		{name: "an email address", csr: func(r *request) { r.EmailAddresses = []string{"a@example.org"} }, want: "1 DNS, IP or email names"},
		{name: "no PEM", spec: func(s *spec) { s.Request = []byte("hello") }, want: "not one PEM block"},
		{name: "two PEM blocks", spec: func(s *spec) { s.Request = append(s.Request, s.Request...) }, want: "not one PEM block"},
		{name: "a certificate instead", spec: func(s *spec) {
			s.Request = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})
		}, want: "not one PEM block"},
		{name: "a broken signature", spec: func(s *spec) {
			block, _ := pem.Decode(s.Request)
			block.Bytes[len(block.Bytes)-1] ^= 1
			s.Request = pem.EncodeToMemory(block)
		}, want: "not signed with its own key"},
		{name: "a weak key", spec: func(s *spec) { s.Request = encodeRequest(t, weak, "node-1") }, want: "1024 bits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var edits []func(*request)
			if c.csr != nil {
				edits = append(edits, c.csr)
			}
			s, _ := requestFor(t, "node-1", edits...)
			if c.spec != nil {
				c.spec(&s)
			}
			granted, err := checkRequest(&s, "virtplane-system")
			if err == nil {
				t.Fatalf("granted %+v", granted)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("refused with %q, want %q in it", err, c.want)
			}
		})
	}
}

func TestCheckRequestNamesEveryProblem(t *testing.T) {
	s, _ := requestFor(t, "node-1", func(r *x509.CertificateRequest) { r.DNSNames = []string{"x"} })
	s.Username = "admin"
	s.Usages = append(s.Usages, certificatesv1.UsageClientAuth)
	_, err := checkRequest(&s, "virtplane-system")
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("error %v, want three problems", err)
	}
}
