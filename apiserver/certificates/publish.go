// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
)

const (
	// BundleName is the ConfigMap that holds the CA bundle for virtplane's other components.
	BundleName = "virtplane-ca-bundle"
	// BundleKey is the bundle's key in that ConfigMap.
	BundleKey = "ca.crt"
)

// APIServices are the registrations through which kube-apiserver calls us; their caBundle is kept here.
var APIServices = []string{"v1.kubevirt.io", "v1.subresources.kubevirt.io"}

// publish writes the bundle to everybody who has to trust it, where it differs.
func (m *Manager) publish(ctx context.Context) error {
	bundle := m.CABundle()
	errs := []error{m.publishConfigMap(ctx, bundle)}
	for _, name := range APIServices {
		errs = append(errs, m.publishAPIService(ctx, name, bundle))
	}
	return errors.Join(errs...)
}

func (m *Manager) publishAPIService(ctx context.Context, name string, bundle []byte) error {
	services := m.clients.Aggregator.ApiregistrationV1().APIServices()
	service, err := services.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		// The watch brings us back when it is installed.
		klog.FromContext(ctx).Info("APIService is not there yet", "apiService", name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("get apiservice %s: %w", name, err)
	}
	if bytes.Equal(service.Spec.CABundle, bundle) {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"caBundle": bundle}})
	if err != nil {
		return fmt.Errorf("encode caBundle: %w", err)
	}
	if _, err := services.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("patch caBundle of apiservice %s: %w", name, err)
	}
	klog.FromContext(ctx).Info("Published the CA bundle", "apiService", name)
	return nil
}

func (m *Manager) publishConfigMap(ctx context.Context, bundle []byte) error {
	configMaps := m.clients.Kubernetes.CoreV1().ConfigMaps(m.namespace)
	stored, err := configMaps.Get(ctx, BundleName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		_, err = configMaps.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Name:   BundleName,
				Labels: map[string]string{"app.kubernetes.io/part-of": "virtplane"},
			},
			Data: map[string]string{BundleKey: string(bundle)},
		}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("create configmap %s: %w", BundleName, err)
		}
		// Another replica's ConfigMap comes back through the watch and is compared then.
		return nil
	case err != nil:
		return fmt.Errorf("get configmap %s: %w", BundleName, err)
	case stored.Data[BundleKey] == string(bundle):
		return nil
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{BundleKey: string(bundle)}})
	if err != nil {
		return fmt.Errorf("encode bundle: %w", err)
	}
	if _, err := configMaps.Patch(ctx, BundleName, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("patch configmap %s: %w", BundleName, err)
	}
	klog.FromContext(ctx).Info("Published the CA bundle", "configMap", BundleName)
	return nil
}
