// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/util/cert"
	testclock "k8s.io/utils/clock/testing"
)

type signerTest struct {
	*requestSigner
	client *fake.Clientset
	ca     *keyPair
}

func newSignerTest(t *testing.T, request *certificatesv1.CertificateSigningRequest) *signerTest {
	t.Helper()
	ca, err := generateAuthority(epoch)
	if err != nil {
		t.Fatal(err)
	}
	client := fake.NewClientset(request)
	return &signerTest{
		requestSigner: &requestSigner{
			requests:  client.CertificatesV1().CertificateSigningRequests(),
			namespace: testNamespace,
			authority: func() *keyPair { return ca },
			clock:     testclock.NewFakePassiveClock(epoch),
		},
		client: client,
		ca:     ca,
	}
}

func (s *signerTest) read(t *testing.T) *certificatesv1.CertificateSigningRequest {
	t.Helper()
	request, err := s.requests.Get(context.Background(), "req", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func testRequest(t *testing.T, conditions ...certificatesv1.RequestConditionType) *certificatesv1.CertificateSigningRequest {
	t.Helper()
	spec, _ := requestFor(t, "node-1")
	request := &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{Name: "req"}, Spec: spec}
	for _, c := range conditions {
		request.Status.Conditions = append(request.Status.Conditions,
			certificatesv1.CertificateSigningRequestCondition{Type: c, Status: corev1.ConditionTrue})
	}
	return request
}

func TestSignerApprovesAndSignsOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		request *certificatesv1.CertificateSigningRequest
		writes  string
	}{
		{"new", testRequest(t), "update/approval update/status"},
		{"approved before, by another replica or a person", testRequest(t, certificatesv1.CertificateApproved), "update/status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSignerTest(t, c.request)
			if err := s.handle(context.Background(), "req"); err != nil {
				t.Fatal(err)
			}
			request := s.read(t)
			certs, err := cert.ParseCertsPEM(request.Status.Certificate)
			if err != nil {
				t.Fatal(err)
			}
			leaf := certs[0]
			if err := leaf.CheckSignatureFrom(s.ca.cert); err != nil {
				t.Error(err)
			}
			if len(leaf.URIs) != 1 || leaf.URIs[0].String() != "spiffe://virtplane.io/nodeplugin/node-1" || leaf.IsCA ||
				len(leaf.DNSNames)+len(leaf.IPAddresses)+len(leaf.EmailAddresses) > 0 ||
				len(leaf.ExtKeyUsage) != 1 || leaf.ExtKeyUsage[0] != x509.ExtKeyUsageServerAuth {
				t.Errorf("signed %+v", leaf)
			}
			if want := epoch.Add(30 * day); !leaf.NotAfter.Equal(want) {
				t.Errorf("valid until %s, want %s", leaf.NotAfter, want)
			}
			if !hasCondition(request, certificatesv1.CertificateApproved) || len(request.Status.Conditions) != 1 {
				t.Errorf("conditions %v", request.Status.Conditions)
			}
			if err := s.handle(context.Background(), "req"); err != nil {
				t.Fatal(err)
			}
			if got := writes(s.client); got != c.writes {
				t.Errorf("writes %q, want %q", got, c.writes)
			}
		})
	}
}

func writes(client *fake.Clientset) string {
	var all []string
	for _, action := range client.Actions() {
		if v := action.GetVerb(); v != "get" && v != "list" && v != "watch" {
			all = append(all, v+"/"+action.GetSubresource())
		}
	}
	return strings.Join(all, " ")
}

func TestSignerHonoursAShorterLifeOnly(t *testing.T) {
	for seconds, want := range map[int32]time.Duration{600: 10 * time.Minute, 366 * 24 * 3600: 30 * day} {
		request := testRequest(t)
		request.Spec.ExpirationSeconds = &seconds
		s := newSignerTest(t, request)
		if err := s.handle(context.Background(), "req"); err != nil {
			t.Fatal(err)
		}
		certs, err := cert.ParseCertsPEM(s.read(t).Status.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if got := certs[0].NotAfter.Sub(epoch); got != want {
			t.Errorf("%d s asked for: got %s, want %s", seconds, got, want)
		}
	}
}

func TestSignerDeniesAndSaysWhy(t *testing.T) {
	request := testRequest(t)
	request.Spec.Username = "admin"
	s := newSignerTest(t, request)
	if err := s.handle(context.Background(), "req"); err != nil {
		t.Fatal(err)
	}
	got := s.read(t)
	if len(got.Status.Certificate) > 0 || len(got.Status.Conditions) != 1 ||
		got.Status.Conditions[0].Type != certificatesv1.CertificateDenied ||
		!strings.Contains(got.Status.Conditions[0].Message, `the requester is "admin"`) {
		t.Errorf("status %+v", got.Status)
	}
}

func TestSignerFailsWhatItMayNotSignThoughApproved(t *testing.T) {
	request := testRequest(t, certificatesv1.CertificateApproved)
	request.Spec.Usages = []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth}
	s := newSignerTest(t, request)
	if err := s.handle(context.Background(), "req"); err != nil {
		t.Fatal(err)
	}
	got := s.read(t)
	if len(got.Status.Certificate) > 0 || !hasCondition(got, certificatesv1.CertificateFailed) {
		t.Errorf("status %+v", got.Status)
	}
}

func TestSignerLeavesWhatIsNotItsTo(t *testing.T) {
	foreign := testRequest(t)
	foreign.Spec.SignerName = "kubernetes.io/kubelet-serving"
	for name, request := range map[string]*certificatesv1.CertificateSigningRequest{
		"another signer's": foreign,
		"denied":           testRequest(t, certificatesv1.CertificateDenied),
		"failed":           testRequest(t, certificatesv1.CertificateApproved, certificatesv1.CertificateFailed),
	} {
		s := newSignerTest(t, request)
		if err := s.handle(context.Background(), "req"); err != nil {
			t.Error(err)
		}
		if got := writes(s.client); got != "" {
			t.Errorf("%s: writes %q", name, got)
		}
	}
	if err := newSignerTest(t, foreign).handle(context.Background(), "gone"); err != nil {
		t.Errorf("a deleted request: %v", err)
	}
}

func TestSignerRetriesAfterALostRace(t *testing.T) {
	s := newSignerTest(t, testRequest(t))
	lost := 0
	s.client.PrependReactor("update", "certificatesigningrequests", func(clienttesting.Action) (bool, runtime.Object, error) {
		if lost++; lost > 1 {
			return false, nil, nil
		}
		return true, nil, apierrors.NewConflict(certificatesv1.Resource("certificatesigningrequests"), "req", errors.New("changed"))
	})
	if err := s.handle(context.Background(), "req"); !apierrors.IsConflict(err) {
		t.Fatalf("error %v, want the conflict, so that the request is looked at again", err)
	}
	if err := s.handle(context.Background(), "req"); err != nil {
		t.Fatal(err)
	}
	if len(s.read(t).Status.Certificate) == 0 {
		t.Error("not signed after the race")
	}
}
