// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregatorfake "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"
	testclock "k8s.io/utils/clock/testing"
)

type managerTest struct {
	*Manager
	kube       *fake.Clientset
	aggregator *aggregatorfake.Clientset
	clock      *testclock.FakePassiveClock
}

func apiService(name string) *apiregistrationv1.APIService {
	return &apiregistrationv1.APIService{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func newManagerTest(t *testing.T, services ...runtime.Object) *managerTest {
	t.Helper()
	mt := &managerTest{
		kube:       fake.NewClientset(),
		aggregator: aggregatorfake.NewClientset(services...),
		clock:      testclock.NewFakePassiveClock(epoch),
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	mt.Manager, err = newManager(ctx, Clients{Kubernetes: mt.kube, Aggregator: mt.aggregator}, testNamespace, "virt-apiserver", mt.clock)
	if err != nil {
		t.Fatal(err)
	}
	return mt
}

// start runs the manager until the test ends and waits for its watches: the fake API forgets what happens between a
// list and the watch after it, unlike a real one.
func (mt *managerTest) start(t *testing.T) context.Context {
	t.Helper()
	established := make(chan struct{}, 100)
	signal := func(fake *clienttesting.Fake, tracker clienttesting.ObjectTracker) {
		fake.PrependWatchReactor("*", func(action clienttesting.Action) (bool, watch.Interface, error) {
			w, err := tracker.Watch(action.GetResource(), action.GetNamespace())
			established <- struct{}{}
			return true, w, err
		})
	}
	signal(&mt.kube.Fake, mt.kube.Tracker())
	signal(&mt.aggregator.Fake, mt.aggregator.Tracker())

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	done := make(chan struct{})
	go func() { defer close(done); mt.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	for range 3 + len(APIServices) {
		select {
		case <-established:
		case <-ctx.Done():
			t.Fatal("the manager does not watch")
		}
	}
	return ctx
}

func (mt *managerTest) servingCert(t *testing.T) *x509.Certificate {
	t.Helper()
	certPEM, keyPEM := mt.Serving().CurrentCertKeyContent()
	if len(keyPEM) == 0 {
		t.Fatal("no serving key")
	}
	leaf := mt.serving.current().tls.Leaf
	if !bytes.Equal(certPEM, mt.serving.current().certPEM) {
		t.Fatal("PEM and certificate differ")
	}
	return leaf
}

func TestNewManagerIssuesWhatTheServerNeeds(t *testing.T) {
	mt := newManagerTest(t)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(mt.CABundle()) {
		t.Fatal("no CA in the bundle")
	}
	for _, name := range []string{"virt-apiserver.virtplane-system.svc", "virt-apiserver.virtplane-system", "virt-apiserver", "localhost", "127.0.0.1"} {
		if _, err := mt.servingCert(t).Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: epoch}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	client, err := mt.ClientCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if _, err := client.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: epoch, KeyUsages: usages}); err != nil {
		t.Error(err)
	}
	if len(client.Leaf.URIs) != 1 || client.Leaf.URIs[0].String() != APIServerID {
		t.Errorf("client URIs %v, want %s", client.Leaf.URIs, APIServerID)
	}
}

func TestNewManagerWaitsForTheHostCluster(t *testing.T) {
	kube := fake.NewClientset()
	refusals := 2
	kube.PrependReactor("get", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		if refusals--; refusals < 0 {
			return false, nil, nil
		}
		return true, nil, apierrors.NewServiceUnavailable("starting")
	})
	clients := Clients{Kubernetes: kube, Aggregator: aggregatorfake.NewClientset()}
	if _, err := NewManager(context.Background(), clients, testNamespace, "virt-apiserver"); err != nil {
		t.Fatal(err)
	}

	kube.PrependReactor("get", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewServiceUnavailable("gone")
	})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NewManager(ctx, clients, testNamespace, "virt-apiserver"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the end of the context", err)
	}
}

type listener struct{ told int }

func (l *listener) Enqueue() { l.told++ }

func TestManagerReissuesItsCertificatesInTime(t *testing.T) {
	mt := newManagerTest(t, apiService(APIServices[0]), apiService(APIServices[1]))
	l := &listener{}
	mt.Serving().AddListener(l)
	first := mt.servingCert(t)
	firstClient, _ := mt.ClientCertificate(nil)

	mt.clock.SetTime(epoch.Add(59 * day))
	if err := mt.reconcile(context.Background()); err != nil {
		t.Fatal(err)
	}
	if mt.servingCert(t) != first || l.told != 0 {
		t.Fatal("reissued before two thirds of its life")
	}
	mt.clock.SetTime(epoch.Add(61 * day))
	if err := mt.reconcile(context.Background()); err != nil {
		t.Fatal(err)
	}
	if mt.servingCert(t) == first || l.told != 1 {
		t.Errorf("not reissued after two thirds of its life, or the server was told %d times", l.told)
	}
	if client, _ := mt.ClientCertificate(nil); client == firstClient {
		t.Error("client certificate not reissued after two thirds of its life")
	}
}

func TestManagerSignsWithTheNextCAOnlyWhenItWasPublished(t *testing.T) {
	mt := newManagerTest(t, apiService(APIServices[0]), apiService(APIServices[1]))
	old := mt.authority.current
	for _, step := range []struct {
		day     int
		signer  func() *keyPair
		bundled int
	}{
		{3254, func() *keyPair { return old }, 1},
		{3255, func() *keyPair { return old }, 2},
		{3284, func() *keyPair { return old }, 2},
		{3285, func() *keyPair { return mt.authority.current }, 2},
		{3650, func() *keyPair { return mt.authority.current }, 1},
	} {
		mt.clock.SetTime(epoch.Add(time.Duration(step.day) * day))
		if err := mt.reconcile(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := mt.servingCert(t).CheckSignatureFrom(step.signer().cert); err != nil {
			t.Errorf("day %d: %v", step.day, err)
		}
		for _, name := range APIServices {
			service, err := mt.aggregator.ApiregistrationV1().APIServices().Get(context.Background(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(service.Spec.CABundle, []byte("BEGIN CERTIFICATE")); n != step.bundled {
				t.Errorf("day %d: %d CAs in the bundle of %s, want %d", step.day, n, name, step.bundled)
			}
		}
	}
	if mt.authority.current.same(old) {
		t.Error("the CA was never rotated")
	}
}

func TestPublishWritesOnlyWhatDiffers(t *testing.T) {
	mt := newManagerTest(t, apiService(APIServices[0]), apiService(APIServices[1]))
	ctx := context.Background()
	if err := mt.publish(ctx); err != nil {
		t.Fatal(err)
	}
	configMap, err := mt.kube.CoreV1().ConfigMaps(testNamespace).Get(ctx, "virtplane-ca-bundle", metav1.GetOptions{})
	if err != nil || configMap.Data["ca.crt"] != string(mt.CABundle()) {
		t.Fatalf("configmap %v, error %v", configMap, err)
	}
	mt.kube.ClearActions()
	mt.aggregator.ClearActions()
	if err := mt.publish(ctx); err != nil {
		t.Fatal(err)
	}
	for _, action := range append(mt.kube.Actions(), mt.aggregator.Actions()...) {
		if action.GetVerb() != "get" {
			t.Errorf("unneeded %s of %s", action.GetVerb(), action.GetResource().Resource)
		}
	}
}

// TestRunRepairsAndSigns starts without APIServices and then has everything that is published damaged, with watches
// alone to notice: the clock stands still, so that no hourly check helps.
func TestRunRepairsAndSigns(t *testing.T) {
	mt := newManagerTest(t)
	ctx := mt.start(t)
	services := mt.aggregator.ApiregistrationV1().APIServices()
	seen, err := services.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	published := func(name string) {
		t.Helper()
		await(ctx, t, seen, "caBundle of "+name, func(obj runtime.Object) bool {
			s := obj.(*apiregistrationv1.APIService)
			return s.Name == name && bytes.Equal(s.Spec.CABundle, mt.CABundle())
		})
	}
	for _, name := range APIServices {
		if _, err := services.Create(ctx, apiService(name), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		published(name)
	}
	damaged := apiService(APIServices[0])
	damaged.Spec.CABundle = []byte("damaged")
	if _, err := services.Update(ctx, damaged, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	published(damaged.Name)

	configMaps := mt.kube.CoreV1().ConfigMaps(testNamespace)
	maps, err := configMaps.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := configMaps.Delete(ctx, BundleName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitType(ctx, t, maps, watch.Added, "the bundle's ConfigMap")

	secrets := mt.kube.CoreV1().Secrets(testNamespace)
	stored, err := secrets.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := secrets.Delete(ctx, SecretName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	awaitType(ctx, t, stored, watch.Added, "the CA's Secret")

	signed := mt.request(ctx, t, "node-1")
	if len(signed) == 0 {
		t.Error("a plugin's request was not signed")
	}
}

func awaitType(ctx context.Context, t *testing.T, w watch.Interface, kind watch.EventType, what string) {
	t.Helper()
	for {
		select {
		case event := <-w.ResultChan():
			if event.Type == kind {
				return
			}
		case <-ctx.Done():
			t.Fatalf("%s did not come back", what)
		}
	}
}

func await(ctx context.Context, t *testing.T, w watch.Interface, what string, ok func(runtime.Object) bool) {
	t.Helper()
	for {
		select {
		case event := <-w.ResultChan():
			if ok(event.Object) {
				return
			}
		case <-ctx.Done():
			t.Fatalf("%s did not come", what)
		}
	}
}
