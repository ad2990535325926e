// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestSettingsReachEveryComponent changes the log levels, which show in the log of each component that has read them.
func TestSettingsReachEveryComponent(t *testing.T) {
	kubevirts := cluster.Virt.KubevirtV1().KubeVirts(suite.SystemNamespace)
	suite.Eventually(t, "an installation that is complete", suite.Boot, func(ctx context.Context) error {
		kv, err := kubevirts.Get(ctx, v1.KubeVirtName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		available := kv.Condition(v1.KubeVirtConditionAvailable)
		if kv.Status.Phase != v1.KubeVirtPhaseDeployed || available == nil || available.Status != v1.ConditionTrue {
			return fmt.Errorf("status %+v", kv.Status)
		}
		if version := kv.Status.ObservedKubeVirtVersion; version == "" || version == "v0.0.0-dev" {
			return fmt.Errorf("the version is %q", version)
		}
		return nil
	})
	set := func(ctx context.Context, verbosity string) error {
		patch := fmt.Sprintf(`{"spec": {"configuration": {"developerConfiguration": {"logVerbosity": %s}}}}`, verbosity)
		_, err := kubevirts.Patch(ctx, v1.KubeVirtName, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		return err
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), suite.Quick)
		defer cancel()
		if err := set(ctx, "null"); err != nil {
			t.Error(err)
		}
	})
	began := metav1.NewTime(time.Now().Add(-time.Second))
	if err := set(t.Context(), `{"virtAPI": 3, "virtController": 3, "virtHandler": 3}`); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"virt-apiserver", "virt-controller", "virt-nodeplugin"} {
		took := suite.Eventually(t, "the log level of "+name, suite.Quick, func(ctx context.Context) error {
			pods, err := cluster.Kube.CoreV1().Pods(suite.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + name})
			if err != nil {
				return err
			}
			if len(pods.Items) == 0 {
				return errors.New("it has no pods")
			}
			for _, pod := range pods.Items {
				log, err := cluster.Kube.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{SinceTime: &began}).DoRaw(ctx)
				if err != nil {
					return err
				}
				if !strings.Contains(string(log), `"Log level changed"`) {
					return fmt.Errorf("the log of %s does not tell", pod.Name)
				}
			}
			return nil
		})
		suite.Measured(t, "change of the log level of "+name, took)
	}
}
