// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// checkOthers holds that the cluster's own controllers go on with other groups while the API server is away: quotas
// are counted and enforced, and what an owner leaves behind is collected.
func checkOthers(n *suite.Namespace) {
	n.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), suite.Boot)
	defer cancel()
	maps, quotas := n.Kube.CoreV1().ConfigMaps(n.ID), n.Kube.CoreV1().ResourceQuotas(n.ID)
	owner, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}, metav1.CreateOptions{})
	suite.Need(n, err, "create an owner")
	_, err = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owned",
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID}}}}, metav1.CreateOptions{})
	suite.Need(n, err, "create what it owns")

	all, err := maps.List(ctx, metav1.ListOptions{})
	suite.Need(n, err, "count config maps")
	full := *resource.NewQuantity(int64(len(all.Items)), resource.DecimalSI)
	hard := corev1.ResourceList{"count/configmaps": full}
	_, err = quotas.Create(ctx, &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "full"}, Spec: corev1.ResourceQuotaSpec{Hard: hard}}, metav1.CreateOptions{})
	suite.Need(n, err, "create a quota")
	suite.Eventually(n, "the quota is counted", suite.Boot, func(ctx context.Context) error {
		quota, err := quotas.Get(ctx, "full", metav1.GetOptions{})
		if err == nil && !quota.Status.Used["count/configmaps"].Equal(full) {
			err = errors.New("it is not")
		}
		return err
	})
	if _, err = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "over"}}, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		n.Errorf("create over the quota: %v", err)
	}
	suite.Need(n, maps.Delete(ctx, owner.Name, metav1.DeleteOptions{}), "delete the owner")
	suite.Eventually(n, "what it owned is collected", suite.Boot, func(ctx context.Context) error {
		_, err := maps.Get(ctx, "owned", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, errors.New("it is still there"))
	})
	suite.Need(n, quotas.Delete(ctx, "full", metav1.DeleteOptions{}), "delete the quota")
}
