// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

const (
	testQuota  = 24 * mib
	testPrefix = "/registry/virtplane.io"
)

func startMember(t *testing.T) (*clientv3.Client, *Keeper) {
	t.Helper()
	dir, err := os.MkdirTemp("", "space-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	dataDir := filepath.Join(dir, "data")
	etcd, err := embeddedetcd.Config{DataDir: dataDir, QuotaBytes: testQuota}.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	endpoint := embeddedetcd.Endpoint(dataDir)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, NewKeeper(NewMember(client, endpoint, testPrefix, dataDir))
}

// run has the keeper work for the rest of the test.
func run(t *testing.T, k *Keeper) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
}

// fill writes objects under ever new names, or again and again under one, until there is no room.
func fill(t *testing.T, client *clientv3.Client, name func(i int) string) {
	t.Helper()
	value := strings.Repeat("x", 256<<10)
	for i := range 1000 {
		_, err := client.Put(t.Context(), testPrefix+"/"+name(i), value)
		if errors.Is(err, rpctypes.ErrNoSpace) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the quota is not reached")
}

func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	var last error
	met := func(context.Context) (bool, error) {
		last = condition()
		return last == nil, nil
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, met); err != nil {
		t.Fatalf("%s: %v: %v", what, err, last)
	}
}

// TestHistoryAtTheQuotaIsGivenBack holds that nobody is needed when the quota is reached by changes alone.
func TestHistoryAtTheQuotaIsGivenBack(t *testing.T) {
	client, keeper := startMember(t)
	fill(t, client, func(int) string { return "one" })
	run(t, keeper)
	keeper.Poke()
	eventually(t, "writing again", func() error {
		_, err := client.Put(t.Context(), testPrefix+"/other", "value")
		return err
	})
	eventually(t, "verdict", func() error {
		if v := keeper.Verdict(); v.Level != Enough {
			return fmt.Errorf("level %d", v.Level)
		}
		return keeper.Check(nil)
	})
	answer, err := client.Get(t.Context(), testPrefix+"/one")
	if err != nil || len(answer.Kvs) != 1 || len(answer.Kvs[0].Value) != 256<<10 {
		t.Errorf("the object is not what it was: %v", err)
	}
}

// TestObjectsAtTheQuotaAreReadAndDeleted holds what there is to do when the objects themselves fill it.
func TestObjectsAtTheQuotaAreReadAndDeleted(t *testing.T) {
	client, keeper := startMember(t)
	fill(t, client, func(i int) string { return fmt.Sprint("object-", i) })
	run(t, keeper)
	eventually(t, "verdict", func() error {
		if v := keeper.Verdict(); v.Level != ReadOnly {
			return fmt.Errorf("level %d", v.Level)
		}
		return nil
	})
	if err := keeper.Check(nil); err == nil || !strings.Contains(err.Error(), "--etcd-quota-backend-bytes") {
		t.Errorf("the check tells %v", err)
	}
	answer, err := client.Get(t.Context(), testPrefix+"/", clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil || answer.Count < 50 {
		t.Fatalf("%d objects are read: %v", answer.Count, err)
	}
	for i := range answer.Count / 2 {
		if _, err := client.Delete(t.Context(), fmt.Sprint(testPrefix, "/object-", i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "writing after deletions", func() error {
		keeper.Poke()
		_, err := client.Put(t.Context(), testPrefix+"/other", "value")
		return err
	})
}

func TestReclaim(t *testing.T) {
	client, keeper := startMember(t)
	fill(t, client, func(int) string { return "one" })
	before, after, err := keeper.member.Reclaim(t.Context())
	if err != nil || after > before/4 {
		t.Errorf("%d bytes before and %d after: %v", before, after, err)
	}
	if _, err := client.Put(t.Context(), testPrefix+"/one", "value"); err != nil {
		t.Errorf("write afterwards: %v", err)
	}
}

func TestOneMemberAtATime(t *testing.T) {
	_, keeper := startMember(t)
	release, ok, err := keeper.member.turn(t.Context())
	if err != nil || !ok {
		t.Fatalf("the turn of a member that is alone: %v %v", ok, err)
	}
	release()
}
