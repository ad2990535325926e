// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

const (
	testPrefix = "/registry/virtplane.io"
	machineKey = testPrefix + "/kubevirt.io/virtualmachines/default/"
)

var testMember = Member{Name: "virtplane", PeerURL: "unix:///peer", Token: "restored-for-test"}

// newDir returns a directory whose sockets' paths are short enough, which those of t.TempDir may not be.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "backup-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

// start runs a member until the returned function is called.
func start(t *testing.T, dir string) (*clientv3.Client, func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	etcd, err := embeddedetcd.Start(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{embeddedetcd.Endpoint(dir)}})
	if err != nil {
		t.Fatal(err)
	}
	return client, func() {
		client.Close()
		etcd.Close()
	}
}

func put(t *testing.T, client *clientv3.Client, names ...string) int64 {
	t.Helper()
	var revision int64
	for _, name := range names {
		answer, err := client.Put(t.Context(), machineKey+name, "value of "+name)
		if err != nil {
			t.Fatal(err)
		}
		revision = answer.Header.Revision
	}
	return revision
}
