// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

const testNamespace = "virtplane-system"

var secretResource = schema.GroupResource{Resource: "secrets"}

func newTestStore(client *fake.Clientset) *store {
	return &store{secrets: client.CoreV1().Secrets(testNamespace), generate: generateAuthority}
}

func storedAuthority(t *testing.T, client *fake.Clientset) authority {
	t.Helper()
	secret, err := client.CoreV1().Secrets(testNamespace).Get(context.Background(), SecretName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := decodeAuthority(secret.Data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// winFirst lets another replica, played by other, write the CA Secret just before our verb, which is then refused with err.
func winFirst(client *fake.Clientset, verb string, other func(), err error) {
	won := false
	client.PrependReactor(verb, "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		if won {
			return false, nil, nil
		}
		won = true
		other()
		return true, nil, err
	})
}

// secretOf returns the CA Secret that holds a.
func secretOf(t *testing.T, a authority) *corev1.Secret {
	t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: SecretName, Namespace: testNamespace}, Data: map[string][]byte{}}
	if err := a.encode(secret.Data); err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestStoreTakesTheCAOfTheReplicaThatCreatedItFirst(t *testing.T) {
	theirs, _, err := authority{}.advance(epoch, generateAuthority)
	if err != nil {
		t.Fatal(err)
	}
	client := fake.NewClientset()
	winFirst(client, "create", func() {
		if err := client.Tracker().Add(secretOf(t, theirs)); err != nil {
			t.Error(err)
		}
	}, apierrors.NewAlreadyExists(secretResource, SecretName))

	ours, err := newTestStore(client).sync(context.Background(), authority{}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	if !ours.current.same(theirs.current) || !ours.current.same(storedAuthority(t, client).current) {
		t.Error("the loser of the race keeps a CA of its own")
	}
}

func TestStoreTakesTheNextCAOfTheReplicaThatRotatedFirst(t *testing.T) {
	ctx := context.Background()
	first, _, err := authority{}.advance(epoch, generateAuthority)
	if err != nil {
		t.Fatal(err)
	}
	due := epoch.Add(3255 * day)
	theirs, _, err := first.advance(due, generateAuthority)
	if err != nil {
		t.Fatal(err)
	}
	client := fake.NewClientset(secretOf(t, first))
	winFirst(client, "update", func() {
		if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("secrets"), secretOf(t, theirs), testNamespace); err != nil {
			t.Error(err)
		}
	}, apierrors.NewConflict(secretResource, SecretName, errors.New("changed")))

	ours, err := newTestStore(client).sync(ctx, authority{}, due)
	if err != nil {
		t.Fatal(err)
	}
	if ours.next == nil || !ours.next.same(theirs.next) || !ours.next.same(storedAuthority(t, client).next) {
		t.Error("the loser of the race prepares a CA of its own")
	}
}

func TestStoreUpdatesWithTheVersionThatItRead(t *testing.T) {
	ctx := context.Background()
	first, _, err := authority{}.advance(epoch, generateAuthority)
	if err != nil {
		t.Fatal(err)
	}
	secret := secretOf(t, first)
	secret.ResourceVersion = "41"
	client := fake.NewClientset(secret)
	version := ""
	client.PrependReactor("update", "secrets", func(action clienttesting.Action) (bool, runtime.Object, error) {
		version = action.(clienttesting.UpdateAction).GetObject().(*corev1.Secret).ResourceVersion
		return false, nil, nil
	})
	if _, err := newTestStore(client).sync(ctx, authority{}, epoch.Add(3255*day)); err != nil {
		t.Fatal(err)
	}
	if version != "41" {
		t.Errorf("updated with resourceVersion %q, want the one read", version)
	}
}

func TestStoreWritesNothingWhenNothingIsDue(t *testing.T) {
	client := fake.NewClientset()
	first, err := newTestStore(client).sync(context.Background(), authority{}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	client.ClearActions()
	again, err := newTestStore(client).sync(context.Background(), authority{}, epoch.Add(day))
	if err != nil {
		t.Fatal(err)
	}
	if !again.current.same(first.current) {
		t.Error("another CA was loaded than stored")
	}
	for _, action := range client.Actions() {
		if action.GetVerb() != "get" {
			t.Errorf("unneeded %s", action.GetVerb())
		}
	}
}

func TestStoreRestoresADeletedSecret(t *testing.T) {
	client := fake.NewClientset()
	ctx := context.Background()
	s := newTestStore(client)
	known, err := s.sync(ctx, authority{}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.secrets.Delete(ctx, SecretName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sync(ctx, known, epoch.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if !storedAuthority(t, client).current.same(known.current) {
		t.Error("a deleted Secret came back with another CA")
	}
}

func TestStoreFillsAnEmptySecret(t *testing.T) {
	client := fake.NewClientset(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: SecretName, Namespace: testNamespace}})
	a, err := newTestStore(client).sync(context.Background(), authority{}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	if !storedAuthority(t, client).current.same(a.current) {
		t.Error("the CA was not stored")
	}
}

func TestStoreLeavesABadSecretToAPerson(t *testing.T) {
	client := fake.NewClientset(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: SecretName, Namespace: testNamespace},
		Data:       map[string][]byte{"tls.crt": []byte("x"), "tls.key": []byte("y")},
	})
	_, err := newTestStore(client).sync(context.Background(), authority{}, epoch)
	if !errors.Is(err, errBadSecret) || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}
