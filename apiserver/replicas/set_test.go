// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package replicas

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestReplicas(t *testing.T) {
	three := int32(3)
	client := fake.NewClientset(
		&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "three"}, Spec: appsv1.StatefulSetSpec{Replicas: &three}},
		&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "default"}},
	)
	for name, want := range map[string]int{"three": 3, "default": 1} {
		if got, err := New(client, "a", name).Replicas(t.Context()); got != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", name, got, err, want)
		}
	}
	if _, err := New(client, "a", "missing").Replicas(t.Context()); err == nil || !strings.Contains(err.Error(), "--etcd-member must be") {
		t.Errorf("a missing set: %v", err)
	}
}

func TestTheRecordOfTheCluster(t *testing.T) {
	s := New(fake.NewClientset(), "a", "b")
	for _, id := range []string{"", "first", "second"} {
		if id != "" {
			if err := s.SetClusterID(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.ClusterID(t.Context()); got != id || err != nil {
			t.Errorf("recorded %q, %v, want %q", got, err, id)
		}
	}
}
