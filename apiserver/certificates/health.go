// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

const (
	// overdue is how long a CA may be due for its successor before somebody is told.
	overdue = 7 * 24 * time.Hour
	// nearEnd is the part of its life, as a divisor, below which a certificate should have been renewed long ago.
	nearEnd = 4
)

var expirations = metrics.NewGaugeVec(&metrics.GaugeOpts{
	Namespace: "virtplane", Subsystem: "certificate", Name: "expiration_timestamp_seconds", StabilityLevel: metrics.ALPHA,
	Help: "When the certificates of virt-apiserver end, in seconds since 1970: its CA, that of the etcd members, and those of the process itself.",
}, []string{"certificate"})

func init() { legacyregistry.MustRegister(expirations) }

// Name names the check.
func (m *Manager) Name() string { return "certificates" }

// Check tells which certificate is near its end or not valid, and why it could not be renewed. Nothing stops for that
// before the end, so it is no reason to be taken out of service.
func (m *Manager) Check(*http.Request) error {
	now := m.clock.Now()
	m.mu.RLock()
	a, client, member, failed := m.authority, m.client, m.member, m.failed
	m.mu.RUnlock()
	var problems []error
	if ca := a.current; ca != nil {
		if left := ca.cert.NotAfter.Sub(now); left < retireBefore-overdue {
			problems = append(problems, fmt.Errorf("the CA in secret %s ends on %s and has no successor yet", SecretName, date(ca.cert.NotAfter)))
		}
		if now.Before(ca.cert.NotBefore) {
			problems = append(problems, fmt.Errorf("the CA in secret %s is valid from %s on only: is the clock of this node right?", SecretName, date(ca.cert.NotBefore)))
		}
	}
	leaves := []struct {
		name string
		*leaf
	}{{"serving certificate", m.serving.current()}, {"certificate towards node plugins", client}}
	if member != nil {
		leaves = append(leaves, struct {
			name string
			*leaf
		}{"certificate of the etcd member", member.current()})
	}
	for _, l := range leaves {
		if l.leaf == nil {
			continue
		}
		c := l.tls.Leaf
		switch life := c.NotAfter.Sub(c.NotBefore); {
		case now.After(c.NotAfter):
			problems = append(problems, fmt.Errorf("the %s has ended on %s", l.name, date(c.NotAfter)))
		case now.Before(c.NotBefore):
			problems = append(problems, fmt.Errorf("the %s is valid from %s on only: is the clock of this node right?", l.name, date(c.NotBefore)))
		case c.NotAfter.Sub(now) < life/nearEnd:
			problems = append(problems, fmt.Errorf("the %s ends on %s and was not renewed", l.name, date(c.NotAfter)))
		}
	}
	if problems != nil && failed != nil {
		problems = append(problems, fmt.Errorf("the last attempt failed: %w", failed))
	}
	return errors.Join(problems...)
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// measure sets the metrics.
func (m *Manager) measure() {
	m.mu.RLock()
	a, client, member := m.authority, m.client, m.member
	m.mu.RUnlock()
	set := func(name string, c *x509.Certificate) {
		expirations.WithLabelValues(name).Set(float64(c.NotAfter.Unix()))
	}
	for name, pair := range map[string]*keyPair{"ca": a.current, "etcd-members-ca": a.members} {
		if pair != nil {
			set(name, pair.cert)
		}
	}
	for name, l := range map[string]*leaf{"serving": m.serving.current(), "client": client} {
		if l != nil {
			set(name, l.tls.Leaf)
		}
	}
	if member != nil {
		set("etcd-member", member.current().tls.Leaf)
	}
}
