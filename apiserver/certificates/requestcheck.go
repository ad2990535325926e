// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	certificatesv1 "k8s.io/api/certificates/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
)

const (
	// SignerName is the signer of the node plugins' serving certificates.
	SignerName = "virtplane.io/nodeplugin"
	// nodePluginAccount is the ServiceAccount that node plugins run as.
	nodePluginAccount = "virt-nodeplugin"
	// minRSABits is the shortest RSA key that is signed, as in the CA/Browser forum's baseline requirements.
	minRSABits = 2048
)

var allowedUsages = []certificatesv1.KeyUsage{
	certificatesv1.UsageDigitalSignature,
	certificatesv1.UsageKeyEncipherment,
	certificatesv1.UsageServerAuth,
}

// grant is what a request that passed is entitled to.
type grant struct {
	node   string
	public crypto.PublicKey
}

// checkRequest tells whether spec comes from a node plugin in namespace and asks for nothing but the serving
// certificate of its own node. The error names everything that is wrong.
func checkRequest(spec *certificatesv1.CertificateSigningRequestSpec, namespace string) (*grant, error) {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	if spec.SignerName != SignerName {
		refuse("the signer is %q, not %q", spec.SignerName, SignerName)
	}
	// kube-apiserver fills username and extra from the requester's bound token; the requester cannot choose them.
	if want := serviceaccount.MakeUsername(namespace, nodePluginAccount); spec.Username != want {
		refuse("the requester is %q, not %q", spec.Username, want)
	}
	node := ""
	if nodes := spec.Extra[serviceaccount.NodeNameKey]; len(nodes) != 1 {
		refuse("the requester's token names %d nodes in %s, not one", len(nodes), serviceaccount.NodeNameKey)
	} else if node = nodes[0]; len(validation.IsDNS1123Subdomain(node)) > 0 {
		refuse("the node name %q in the requester's token is not valid", node)
	}
	problems = append(problems, checkUsages(spec.Usages)...)

	request, err := parseRequest(spec.Request)
	if err != nil {
		return nil, errors.Join(append(problems, err)...)
	}
	if node != "" {
		problems = append(problems, checkNames(request, node)...)
	}
	if err := checkKey(request.PublicKey); err != nil {
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return &grant{node: node, public: request.PublicKey}, nil
}

func checkUsages(usages []certificatesv1.KeyUsage) []error {
	var problems []error
	for _, u := range usages {
		if !slices.Contains(allowedUsages, u) {
			problems = append(problems, fmt.Errorf("the usage %q is not allowed", u))
		}
	}
	if !slices.Contains(usages, certificatesv1.UsageServerAuth) {
		problems = append(problems, fmt.Errorf("the usage %q is missing", certificatesv1.UsageServerAuth))
	}
	return problems
}

func parseRequest(request []byte) (*x509.CertificateRequest, error) {
	block, rest := pem.Decode(request)
	if block == nil || block.Type != "CERTIFICATE REQUEST" || strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("the request is not one PEM block of type CERTIFICATE REQUEST")
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the request cannot be parsed: %w", err)
	}
	if err := parsed.CheckSignature(); err != nil {
		return nil, fmt.Errorf("the request is not signed with its own key: %w", err)
	}
	return parsed, nil
}

func checkNames(request *x509.CertificateRequest, node string) []error {
	var problems []error
	if want := nodePluginAccount + ":" + node; request.Subject.CommonName != want || len(request.Subject.Names) != 1 {
		problems = append(problems, fmt.Errorf("the subject is %q, not %q alone", request.Subject, "CN="+want))
	}
	if want := nodePluginID(node); len(request.URIs) != 1 || request.URIs[0].String() != want {
		problems = append(problems, fmt.Errorf("the URI names are %v, not %s alone", request.URIs, want))
	}
	if n := len(request.DNSNames) + len(request.IPAddresses) + len(request.EmailAddresses); n > 0 {
		problems = append(problems, fmt.Errorf("%d DNS, IP or email names are asked for, none is allowed", n))
	}
	return problems
}

func checkKey(public crypto.PublicKey) error {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if bits := key.Curve.Params().BitSize; bits < 256 {
			return fmt.Errorf("the ECDSA key has %d bits, at least 256 are needed", bits)
		}
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits {
			return fmt.Errorf("the RSA key has %d bits, at least %d are needed", bits, minRSABits)
		}
	case ed25519.PublicKey:
	default:
		return fmt.Errorf("a key of type %T is not supported", public)
	}
	return nil
}
