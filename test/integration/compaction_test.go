// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestHistoryIsCompacted holds that the library's compaction reaches the embedded etcd.
func TestHistoryIsCompacted(t *testing.T) {
	ns := newNamespace(t)
	s := startOwnServer(t, "compaction", "--etcd-compaction-interval=1s")
	vm := must(s.api.VirtualMachines(ns).Create(t.Context(), newVM("demo"), metav1.CreateOptions{}))(t)
	revision := int64(number(t, vm.ResourceVersion))
	etcd := dialEtcd(t, s.server)
	eventually(t, "compaction", func(ctx context.Context) error {
		_, err := etcd.Get(ctx, "/", clientv3.WithRev(revision-1))
		if !errors.Is(err, rpctypes.ErrCompacted) {
			return fmt.Errorf("history is there: %v", err)
		}
		return nil
	})
	must(s.api.VirtualMachines(ns).Get(t.Context(), "demo", metav1.GetOptions{}))(t)
	out, told, err := runCommand(t, nil, "defragment", "--data-dir="+s.dataDir)
	if err != nil || len(out) != 0 || !strings.HasPrefix(told, "The database took ") {
		t.Errorf("defragment tells %q: %v", told, err)
	}
	must(s.api.VirtualMachines(ns).Create(t.Context(), newVM("after"), metav1.CreateOptions{}))(t)
}
