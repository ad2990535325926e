// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"sync"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// servingContent hands the serving certificate to the server and tells it of every change.
type servingContent struct {
	name string
	// mu guards what follows.
	mu        sync.RWMutex
	leaf      *leaf
	listeners []dynamiccertificates.Listener
}

var _ dynamiccertificates.CertKeyContentProvider = &servingContent{}

// Name identifies the content in logs.
func (s *servingContent) Name() string { return s.name }

// CurrentCertKeyContent returns the PEM of certificate and key.
func (s *servingContent) CurrentCertKeyContent() (certPEM, keyPEM []byte) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.leaf.certPEM, s.leaf.keyPEM
}

// AddListener has l told when the certificate changes.
func (s *servingContent) AddListener(l dynamiccertificates.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, l)
}

func (s *servingContent) current() *leaf {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.leaf
}

func (s *servingContent) set(l *leaf) {
	s.mu.Lock()
	s.leaf = l
	listeners := s.listeners
	s.mu.Unlock()
	for _, listener := range listeners {
		listener.Enqueue()
	}
}
