// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"errors"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/wait"
	certinformers "k8s.io/client-go/informers/certificates/v1"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	apiserviceinformers "k8s.io/kube-aggregator/pkg/client/informers/externalversions/apiregistration/v1"
)

// checkInterval is how often due rotations and renewals are looked for; changes from outside are watched.
const checkInterval = time.Hour

// renewInterval is how often our own certificates are looked at, which asks nobody. After a clock was set far ahead they
// have ended all at once.
const renewInterval = time.Minute

// reconcileKey is the one item of the queue that has the CA, its publication and our certificates checked.
const reconcileKey = "ca"

// Run keeps the CA rotated, our certificates renewed and the bundle published, and signs the requests of node plugins,
// until ctx ends.
func (m *Manager) Run(ctx context.Context) {
	ctx = klog.NewContext(ctx, klog.FromContext(ctx).WithName("certificates"))
	var wg sync.WaitGroup
	defer wg.Wait()

	reconciles := newQueue("certificates")
	requests := newQueue("certificate-requests")
	reconcile := func(any) { reconciles.Add(reconcileKey) }
	signer := &requestSigner{
		requests:  m.clients.Kubernetes.CertificatesV1().CertificateSigningRequests(),
		namespace: m.namespace,
		authority: func() *keyPair { return m.currentAuthority().current },
		clock:     m.clock,
	}

	core := m.clients.Kubernetes
	secret := coreinformers.NewFilteredSecretInformer(core, m.namespace, 0, nil, only(SecretName))
	configMap := coreinformers.NewFilteredConfigMapInformer(core, m.namespace, 0, nil, only(BundleName))
	csrs := certinformers.NewFilteredCertificateSigningRequestInformer(core, 0, nil, func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector("spec.signerName", SignerName).String()
	})
	watches := []struct {
		informer cache.SharedIndexInformer
		handle   func(any)
	}{{secret, reconcile}, {configMap, reconcile}, {csrs, func(obj any) { enqueueName(requests, obj) }}}
	for _, name := range APIServices {
		informer := apiserviceinformers.NewFilteredAPIServiceInformer(m.clients.Aggregator, 0, nil, only(name))
		watches = append(watches, struct {
			informer cache.SharedIndexInformer
			handle   func(any)
		}{informer, reconcile})
	}
	for _, w := range watches {
		// An informer that was not started takes every handler, so there is no error to see.
		_, _ = w.informer.AddEventHandler(everyEvent(w.handle))
		wg.Go(func() { w.informer.RunWithContext(ctx) })
	}

	wg.Go(func() { wait.UntilWithContext(ctx, func(context.Context) { reconcile(nil) }, checkInterval) })
	wg.Go(func() { wait.UntilWithContext(ctx, m.renewDue, renewInterval) })
	wg.Go(func() {
		work(ctx, reconciles, func(ctx context.Context, _ string) error { return m.reconcile(ctx) })
	})
	wg.Go(func() { work(ctx, requests, signer.handle) })
}

// reconcile brings everything in line with the Secret: first trust, then what depends on it.
func (m *Manager) reconcile(ctx context.Context) (err error) {
	now := m.clock.Now()
	defer func() {
		m.mu.Lock()
		m.failed = err
		m.mu.Unlock()
		m.measure()
	}()
	if err := m.load(ctx, now); err != nil {
		return err
	}
	return errors.Join(m.publish(ctx), m.renew(now))
}

// renewDue renews our own certificates with the CA that we know.
func (m *Manager) renewDue(ctx context.Context) {
	if err := m.renew(m.clock.Now()); err != nil {
		klog.FromContext(ctx).Error(err, "Cannot renew certificates")
	}
	m.measure()
}

// only narrows a list and watch to one object, which also lets RBAC name it.
func only(name string) func(*metav1.ListOptions) {
	return func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	}
}

func everyEvent(handle func(any)) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    handle,
		UpdateFunc: func(_, obj any) { handle(obj) },
		DeleteFunc: handle,
	}
}
