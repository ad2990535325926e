// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestDataSurvivesARestart(t *testing.T) {
	dir := shortDir(t)
	first := start(t, dir)
	client := dial(t, dir)
	if _, err := client.Put(t.Context(), "key", "value"); err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	first.Close()

	second := start(t, dir)
	defer second.Close()
	answer, err := dial(t, dir).Get(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Kvs) != 1 || string(answer.Kvs[0].Value) != "value" {
		t.Errorf("after a restart the key holds %v, want value", answer.Kvs)
	}
}

func TestALeftoverSocketDoesNotKeepTheMemberFromStarting(t *testing.T) {
	dir := shortDir(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, clientSocket), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir).Close()
}

func TestTheMemberIsReachedThroughItsSocketAlone(t *testing.T) {
	dir := shortDir(t)
	before := listeners(t)
	defer start(t, dir).Close()
	var added []string
	for _, address := range listeners(t) {
		if !slices.Contains(before, address) {
			added = append(added, address)
		}
	}
	if want := []string{filepath.Join(dir, clientSocket)}; !slices.Equal(added, want) {
		t.Errorf("the member listens on %q, want %q", added, want)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the data directory has mode %o, want 700: others could dial the socket in it", info.Mode().Perm())
	}
}

// shortDir returns a directory whose sockets' paths are short enough, which those of t.TempDir may not be.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "etcd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

func start(t *testing.T, dir string) *Etcd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	etcd, err := Start(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	return etcd
}

func dial(t *testing.T, dir string) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{Endpoint(dir)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// listeners returns the addresses of the sockets that this process listens on: paths of unix
// sockets, "@" and a name for those without a path, and local addresses of TCP sockets.
func listeners(t *testing.T) []string {
	t.Helper()
	own := map[string]bool{}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		// Descriptors that were closed meanwhile have no target any more.
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && strings.HasPrefix(target, "socket:[") {
			own[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
		}
	}
	var found []string
	for file, columns := range map[string]struct{ inode, state, address int }{
		"/proc/net/unix": {6, 3, 7}, "/proc/net/tcp": {9, 3, 1}, "/proc/net/tcp6": {9, 3, 1},
	} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			f := strings.Fields(line)
			// 00010000 is the flag of a listening unix socket, 0A the state of a listening TCP socket.
			if len(f) <= max(columns.inode, columns.address) || !own[f[columns.inode]] || (f[columns.state] != "00010000" && f[columns.state] != "0A") {
				continue
			}
			found = append(found, f[columns.address])
		}
	}
	return found
}
