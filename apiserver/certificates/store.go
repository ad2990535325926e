// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/klog/v2"
)

// SecretName is the Secret that holds the CA with its key.
const SecretName = "virtplane-ca"

// maxRaces is how often a write that another replica won is repeated before the caller hears of it.
const maxRaces = 10

// errBadSecret marks a CA Secret that only a person can mend.
var errBadSecret = errors.New("bad CA secret")

// store keeps the authority in its Secret, which several replicas share.
type store struct {
	secrets  typedcorev1.SecretInterface
	generate func(time.Time) (*keyPair, error)
}

// sync returns the authority of the Secret after the rotation steps that are due at now, and stores them. Where the
// Secret is gone, known is written back, so that a deletion by mistake does not cost everybody's trust.
func (s *store) sync(ctx context.Context, known authority, now time.Time) (authority, error) {
	for range maxRaces {
		secret, err := s.secrets.Get(ctx, SecretName, metav1.GetOptions{})
		var a authority
		switch {
		case apierrors.IsNotFound(err):
			a, err = s.create(ctx, known, now)
			if apierrors.IsAlreadyExists(err) {
				continue
			}
		case err != nil:
			return authority{}, fmt.Errorf("get secret %s: %w", SecretName, err)
		default:
			a, err = s.update(ctx, secret, now)
			if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
				continue
			}
		}
		return a, err
	}
	return authority{}, fmt.Errorf("write secret %s: lost %d races in a row", SecretName, maxRaces)
}

func (s *store) create(ctx context.Context, known authority, now time.Time) (authority, error) {
	a, _, err := known.advance(now, s.generate)
	if err != nil {
		return authority{}, err
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:   SecretName,
			Labels: map[string]string{"app.kubernetes.io/part-of": "virtplane"},
		},
		Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{},
	}
	if err := a.encode(secret.Data); err != nil {
		return authority{}, err
	}
	if _, err := s.secrets.Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		return authority{}, fmt.Errorf("create secret %s: %w", SecretName, err)
	}
	klog.FromContext(ctx).Info("Created the CA", "secret", SecretName, "subject", a.current.cert.Subject.CommonName,
		"notAfter", a.current.cert.NotAfter)
	return a, nil
}

func (s *store) update(ctx context.Context, secret *corev1.Secret, now time.Time) (authority, error) {
	stored, err := decodeAuthority(secret.Data)
	if err != nil {
		return authority{}, fmt.Errorf("%w: %s: %w; mend it, or delete it to have a new CA made", errBadSecret, SecretName, err)
	}
	a, changed, err := stored.advance(now, s.generate)
	if err != nil || !changed {
		return a, err
	}
	secret = secret.DeepCopy()
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	if err := a.encode(secret.Data); err != nil {
		return authority{}, err
	}
	// The resourceVersion read above makes a replica that decided at the same time lose.
	if _, err := s.secrets.Update(ctx, secret, metav1.UpdateOptions{}); err != nil {
		return authority{}, fmt.Errorf("update secret %s: %w", SecretName, err)
	}
	klog.FromContext(ctx).Info("Rotated the CA", "secret", SecretName, "signing", a.current.cert.Subject.CommonName,
		"prepared", a.next != nil, "previous", len(a.previous))
	return a, nil
}
