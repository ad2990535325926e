// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/cert"
)

// Keys of the CA Secret. The current pair has the keys of a kubernetes.io/tls Secret, so that tools show it.
const (
	currentCertKey = corev1.TLSCertKey
	currentKeyKey  = corev1.TLSPrivateKeyKey
	nextCertKey    = "next.crt"
	nextKeyKey     = "next.key"
	previousKey    = "previous.crt"
	membersCertKey = "members.crt"
	membersKeyKey  = "members.key"
)

const (
	// trustLead is how long the next CA stands in the published bundle before it signs anything. Whoever reads the
	// bundle less often than that would be cut off.
	trustLead = 30 * 24 * time.Hour
	// retireBefore is how long before its end a CA stops signing; every certificate lives shorter than that.
	retireBefore = 365 * 24 * time.Hour
	// prepareBefore is how long before its end a CA gets a successor.
	prepareBefore = retireBefore + trustLead
)

// authority is what the CA Secret holds.
type authority struct {
	// current signs; nil only before the first advance.
	current *keyPair
	// next is trusted already and does not sign yet; nil while no rotation is prepared.
	next *keyPair
	// previous are the CAs that signed earlier and have not expired.
	previous []*x509.Certificate
	// members signs for the members of the embedded etcd and for nobody else: no other certificate of virtplane's,
	// whatever its names, opens a connection between them. It stands in no published bundle.
	members *keyPair
}

// advance performs the rotation steps that are due at now and tells whether there were any. It changes nothing in a.
func (a authority) advance(now time.Time, generate func(time.Time) (*keyPair, error)) (authority, bool, error) {
	changed := false
	expired := func(c *x509.Certificate) bool { return !now.Before(c.NotAfter) }

	if slices.ContainsFunc(a.previous, expired) {
		a.previous = slices.DeleteFunc(slices.Clone(a.previous), expired)
		changed = true
	}
	if a.next != nil && expired(a.next.cert) {
		a.next, changed = nil, true
	}
	if a.current != nil && a.next == nil && !now.Before(a.current.cert.NotAfter.Add(-prepareBefore)) {
		next, err := generate(now)
		if err != nil {
			return authority{}, false, err
		}
		a.next, changed = next, true
	}
	if a.current != nil && a.next != nil {
		trusted := !now.Before(a.next.cert.NotBefore.Add(backdate + trustLead))
		if gone := expired(a.current.cert); gone || trusted {
			if !gone {
				a.previous = append(slices.Clone(a.previous), a.current.cert)
			}
			a.current, a.next, changed = a.next, nil, true
		}
	}
	if a.current == nil {
		current, err := generate(now)
		if err != nil {
			return authority{}, false, err
		}
		a.current, changed = current, true
	}
	if a.members == nil {
		members, err := generateMembersAuthority(now)
		if err != nil {
			return authority{}, false, err
		}
		a.members, changed = members, true
	}
	return a, changed, nil
}

// certificates returns every CA that is to be trusted, the signing one first.
func (a authority) certificates() []*x509.Certificate {
	var all []*x509.Certificate
	if a.current != nil {
		all = append(all, a.current.cert)
	}
	if a.next != nil {
		all = append(all, a.next.cert)
	}
	return append(all, a.previous...)
}

// bundle returns the PEM of every CA that is to be trusted.
func (a authority) bundle() ([]byte, error) {
	bundle, err := cert.EncodeCertificates(a.certificates()...)
	if err != nil {
		return nil, fmt.Errorf("encode CA bundle: %w", err)
	}
	return bundle, nil
}

// pool returns every CA that is to be trusted.
func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range a.certificates() {
		pool.AddCert(c)
	}
	return pool
}

// decodeAuthority reads the data of the CA Secret. Data without a current pair gives an authority without one.
func decodeAuthority(data map[string][]byte) (authority, error) {
	var a authority
	var err error
	if a.current, err = decodePair(data, currentCertKey, currentKeyKey); err != nil {
		return authority{}, err
	}
	if a.next, err = decodePair(data, nextCertKey, nextKeyKey); err != nil {
		return authority{}, err
	}
	if a.members, err = decodePair(data, membersCertKey, membersKeyKey); err != nil {
		return authority{}, err
	}
	if previous := bytes.TrimSpace(data[previousKey]); len(previous) > 0 {
		if a.previous, err = cert.ParseCertsPEM(previous); err != nil {
			return authority{}, fmt.Errorf("%s: parse certificates: %w", previousKey, err)
		}
	}
	return a, nil
}

func decodePair(data map[string][]byte, certKey, keyKey string) (*keyPair, error) {
	certPEM, keyPEM := bytes.TrimSpace(data[certKey]), bytes.TrimSpace(data[keyKey])
	switch {
	case len(certPEM) == 0 && len(keyPEM) == 0:
		return nil, nil
	case len(certPEM) == 0:
		return nil, fmt.Errorf("%s without %s", keyKey, certKey)
	case len(keyPEM) == 0:
		return nil, fmt.Errorf("%s without %s", certKey, keyKey)
	}
	pair, err := parseKeyPair(data[certKey], data[keyKey])
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", certKey, keyKey, err)
	}
	return pair, nil
}

// encode writes the authority into the data of the CA Secret and leaves keys that are not its own alone.
func (a authority) encode(data map[string][]byte) error {
	data[currentCertKey], data[currentKeyKey] = a.current.certPEM, a.current.keyPEM
	delete(data, nextCertKey)
	delete(data, nextKeyKey)
	if a.next != nil {
		data[nextCertKey], data[nextKeyKey] = a.next.certPEM, a.next.keyPEM
	}
	if a.members != nil {
		data[membersCertKey], data[membersKeyKey] = a.members.certPEM, a.members.keyPEM
	}
	delete(data, previousKey)
	if len(a.previous) > 0 {
		previous, err := cert.EncodeCertificates(a.previous...)
		if err != nil {
			return fmt.Errorf("encode previous CAs: %w", err)
		}
		data[previousKey] = previous
	}
	return nil
}
