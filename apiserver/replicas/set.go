// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package replicas tells the members of the embedded etcd what the host cluster knows of them: how many replicas their
// stateful set has, and which etcd cluster holds the objects. It leaves to them what follows from that.
package replicas

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

const (
	// RecordName is the ConfigMap that says which etcd cluster holds the objects. It goes with the namespace, as the
	// volumes do. Whoever deletes it while no member runs lets the first one begin with nothing if its volume is empty.
	RecordName = "virtplane-etcd"
	// recordKey is the cluster's identifier in it.
	recordKey = "cluster"
	// callTimeout bounds each call: a member must not hang on a host cluster that does not answer.
	callTimeout = 5 * time.Second
)

// Set is the stateful set of virt-apiserver.
type Set struct {
	client          kubernetes.Interface
	namespace, name string
}

// New returns the stateful set called name.
func New(client kubernetes.Interface, namespace, name string) *Set {
	return &Set{client: client, namespace: namespace, name: name}
}

// Replicas returns how many replicas there are to be.
func (s *Set) Replicas(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	set, err := s.client.AppsV1().StatefulSets(s.namespace).Get(ctx, s.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return 0, fmt.Errorf("get stateful set: %s/%s is not there; --etcd-member must be the name of one of its pods", s.namespace, s.name)
	}
	if err != nil {
		return 0, fmt.Errorf("get stateful set %s/%s: %w", s.namespace, s.name, err)
	}
	if set.Spec.Replicas == nil {
		return 1, nil
	}
	return int(*set.Spec.Replicas), nil
}

// ClusterID returns the identifier of the etcd cluster that holds the objects, or "" before there is one.
func (s *Set) ClusterID(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	record, err := s.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, RecordName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("get configmap %s/%s: %w", s.namespace, RecordName, err)
	}
	return record.Data[recordKey], nil
}

// SetClusterID records the identifier of the etcd cluster that holds the objects.
func (s *Set) SetClusterID(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	records := s.client.CoreV1().ConfigMaps(s.namespace)
	data := map[string]string{recordKey: id}
	patch, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return fmt.Errorf("encode configmap %s: %w", RecordName, err)
	}
	_, err = records.Patch(ctx, RecordName, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		_, err = records.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: RecordName, Labels: map[string]string{"app.kubernetes.io/part-of": "virtplane"}},
			Data:       data,
		}, metav1.CreateOptions{})
	}
	if err != nil {
		return fmt.Errorf("write configmap %s/%s: %w", s.namespace, RecordName, err)
	}
	return nil
}
