// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/url"
	"strings"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/typed/certificates/v1"
	"k8s.io/client-go/util/cert"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// nodePluginLife is how long a node plugin's certificate is valid, unless it asks for less.
	nodePluginLife = 30 * 24 * time.Hour
	// conditionReason stands in every condition that we write.
	conditionReason = "VirtplaneNodePlugin"
)

// requestSigner decides about the certificate requests of node plugins. Replicas may race: the API server lets one of
// them win each write.
type requestSigner struct {
	requests  v1.CertificateSigningRequestInterface
	namespace string
	authority func() *keyPair
	clock     clock.PassiveClock
}

// handle brings the request called name to its end: signed, denied, or failed where somebody else approved it.
func (s *requestSigner) handle(ctx context.Context, name string) error {
	request, err := s.requests.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("get certificate request %s: %w", name, err)
	}
	if request.Spec.SignerName != SignerName || len(request.Status.Certificate) > 0 ||
		hasCondition(request, certificatesv1.CertificateDenied) || hasCondition(request, certificatesv1.CertificateFailed) {
		return nil
	}
	granted, problems := checkRequest(&request.Spec, s.namespace)
	if problems != nil {
		return s.refuse(ctx, request, problems)
	}
	if !hasCondition(request, certificatesv1.CertificateApproved) {
		s.addCondition(request, certificatesv1.CertificateApproved, "The request comes from the node plugin of "+granted.node)
		request, err = s.requests.UpdateApproval(ctx, name, request, metav1.UpdateOptions{})
		if err != nil {
			return ignoreNotFound(fmt.Errorf("approve certificate request %s: %w", name, err))
		}
	}
	if request.Status.Certificate, err = s.sign(granted, request.Spec.ExpirationSeconds); err != nil {
		return err
	}
	if _, err := s.requests.UpdateStatus(ctx, request, metav1.UpdateOptions{}); err != nil {
		return ignoreNotFound(fmt.Errorf("sign certificate request %s: %w", name, err))
	}
	klog.FromContext(ctx).Info("Signed the certificate of a node plugin", "request", name, "node", granted.node)
	return nil
}

// refuse denies the request. One that a person approved cannot be denied any more, it fails instead.
func (s *requestSigner) refuse(ctx context.Context, request *certificatesv1.CertificateSigningRequest, problems error) error {
	message := "virtplane does not sign this: " + strings.ReplaceAll(problems.Error(), "\n", "; ")
	klog.FromContext(ctx).Info("Refused a certificate request", "request", request.Name, "requester", request.Spec.Username,
		"why", message)
	var err error
	if hasCondition(request, certificatesv1.CertificateApproved) {
		s.addCondition(request, certificatesv1.CertificateFailed, message)
		_, err = s.requests.UpdateStatus(ctx, request, metav1.UpdateOptions{})
	} else {
		s.addCondition(request, certificatesv1.CertificateDenied, message)
		_, err = s.requests.UpdateApproval(ctx, request.Name, request, metav1.UpdateOptions{})
	}
	if err != nil {
		return ignoreNotFound(fmt.Errorf("refuse certificate request %s: %w", request.Name, err))
	}
	return nil
}

// sign makes the certificate from what was granted alone; nothing is copied from the request but its key.
func (s *requestSigner) sign(granted *grant, expirationSeconds *int32) ([]byte, error) {
	template := x509.Certificate{
		Subject:     pkix.Name{CommonName: nodePluginAccount + ":" + granted.node},
		URIs:        []*url.URL{nodePluginURI(granted.node)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if _, isRSA := granted.public.(*rsa.PublicKey); isRSA {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	life := nodePluginLife
	if expirationSeconds != nil {
		life = min(life, time.Duration(*expirationSeconds)*time.Second)
	}
	signed, err := sign(s.authority(), template, granted.public, s.clock.Now(), life)
	if err != nil {
		return nil, err
	}
	encoded, err := cert.EncodeCertificates(signed)
	if err != nil {
		return nil, fmt.Errorf("encode certificate: %w", err)
	}
	return encoded, nil
}

func (s *requestSigner) addCondition(request *certificatesv1.CertificateSigningRequest, t certificatesv1.RequestConditionType, message string) {
	now := metav1.NewTime(s.clock.Now())
	request.Status.Conditions = append(request.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: t, Status: corev1.ConditionTrue, Reason: conditionReason, Message: message,
		LastUpdateTime: now, LastTransitionTime: now,
	})
}

func hasCondition(request *certificatesv1.CertificateSigningRequest, t certificatesv1.RequestConditionType) bool {
	for _, c := range request.Status.Conditions {
		if c.Type == t {
			return true
		}
	}
	return false
}

// ignoreNotFound drops the error of a request that was deleted meanwhile.
func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
