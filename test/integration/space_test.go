// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
)

// withBulk makes an object large by an annotation that cannot be compressed, which is no more than any user may.
func withBulk(size int) func(*v1.VirtualMachine) {
	return func(vm *v1.VirtualMachine) {
		bulk := make([]byte, size)
		rand.Read(bulk)
		vm.Annotations = map[string]string{"bulk": base64.StdEncoding.EncodeToString(bulk)}
	}
}

// TestAtTheQuota holds that a full database takes nothing away but room for more: users read, change
// and delete, finalizers and all, and with what they delete comes the room.
func TestAtTheQuota(t *testing.T) {
	ns := newNamespace(t)
	s := startOwnServer(t, "quota", fmt.Sprint("--etcd-quota-backend-bytes=", 40<<20))
	api := s.api.VirtualMachines(ns)
	admin := must(s.login("admin", "system:masters"))(t)
	objects := must(clientset.NewForConfig(admin))(t).KubevirtV1().KubeVirts(systemNamespace)
	must(objects.Create(t.Context(), &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Name: v1.KubeVirtName}}, metav1.CreateOptions{}))(t)
	condition := func(ctx context.Context, status v1.ConditionStatus, text string) error {
		kv, err := objects.Get(ctx, v1.KubeVirtName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range kv.Status.Conditions {
			if c.Type == "StorageSpace" && c.Status == status && strings.Contains(c.Message, text) {
				return nil
			}
		}
		return fmt.Errorf("the conditions are %+v", kv.Status.Conditions)
	}
	var refusal error
	count := 0
	for ; refusal == nil && count < 10000; count++ {
		_, refusal = api.Create(t.Context(), newVM(fmt.Sprint("vm-", count), withBulk(30<<10)), metav1.CreateOptions{})
	}
	count--
	expectStatus(t, "create at the quota", refusal, http.StatusInsufficientStorage, "cannot store virtualmachines.kubevirt.io: the storage of virt-apiserver is full: "+
		"new objects are refused until there is more room; the health check storage-space of virt-apiserver and an Event in its namespace say what to do")

	if list := must(api.List(t.Context(), metav1.ListOptions{}))(t); len(list.Items) != count {
		t.Errorf("%d of %d objects are read", len(list.Items), count)
	}
	must(api.Patch(t.Context(), "vm-0", types.MergePatchType, []byte(`{"spec":{"runStrategy":"Manual"}}`), metav1.PatchOptions{}))(t)
	instance := newVMI("vm-0", func(vmi *v1.VirtualMachineInstance) {
		owner := must(api.Get(t.Context(), "vm-0", metav1.GetOptions{}))(t)
		vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, v1.SchemeGroupVersion.WithKind("VirtualMachine"))}
	})
	must(s.api.VirtualMachineInstances(ns).Create(t.Context(), instance, metav1.CreateOptions{}))(t)

	if a := call(t, admin, http.MethodGet, "/readyz", "", nil); a.code != http.StatusOK {
		t.Errorf("the server is not ready: %d %s", a.code, a.body)
	}
	if a := call(t, admin, http.MethodGet, "/livez", "", nil); a.code != http.StatusOK {
		t.Errorf("the server is not alive: %d %s", a.code, a.body)
	}
	if a := call(t, admin, http.MethodGet, "/healthz", "", nil); a.code != http.StatusInternalServerError || !strings.Contains(a.body, "[-]storage-space failed") {
		t.Errorf("/healthz tells %d %s", a.code, a.body)
	}
	if a := call(t, admin, http.MethodGet, "/metrics", "", nil); !strings.Contains(a.body, "\nvirtplane_storage_level 2\n") {
		t.Error("the metrics do not tell that the storage is full")
	}
	eventually(t, "event", func(ctx context.Context) error {
		events, err := cluster.core.CoreV1().Events(systemNamespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=StorageSpace"})
		if err != nil {
			return err
		}
		for _, event := range events.Items {
			if strings.Contains(event.Message, "new objects are refused") && strings.Contains(event.Message, "--etcd-quota-backend-bytes") {
				return nil
			}
		}
		return fmt.Errorf("%d events, none of which says what to do", len(events.Items))
	})
	eventually(t, "condition", func(ctx context.Context) error {
		return condition(ctx, v1.ConditionTrue, "new objects are refused")
	})

	for i := range count / 2 {
		name := fmt.Sprint("vm-", i)
		// As users do: the object goes when its finalizer does. What fills the rest of the quota by that is its own
		// history, which is given up within moments.
		eventually(t, "delete "+name, func(ctx context.Context) error {
			if err := api.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
				return err
			}
			_, err := api.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
			return err
		})
	}
	eventually(t, "create after deletions", func(ctx context.Context) error {
		_, err := api.Create(ctx, newVM("again"), metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	})
	eventually(t, "health after deletions", func(ctx context.Context) error {
		if a := call(t, admin, http.MethodGet, "/healthz", "", nil); a.code != http.StatusOK {
			return errors.New(a.body)
		}
		return nil
	})
	eventually(t, "condition after deletions", func(ctx context.Context) error { return condition(ctx, v1.ConditionFalse, "") })
}
