// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/storage/datadir"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"go.etcd.io/etcd/server/v3/storage/schema"
	"k8s.io/klog/v2"
)

const (
	// answerTimeout is how long a running server may take to tell its revision.
	answerTimeout = 10 * time.Second
	// restartPoll is short beside the seconds that a restart takes.
	restartPoll = 200 * time.Millisecond
	// databaseTimeout is how long a database may stay locked by a process that ended just now.
	databaseTimeout = 5 * time.Second
)

// Restore puts a backup in the place of what is in a data directory.
type Restore struct {
	DataDir string
	// Endpoint is where the server on the data directory answers, when one runs.
	Endpoint string
	Member   Member
	// Replace allows it to stop a server that runs.
	Replace bool
	// Wait is how long the server may take to come back.
	Wait time.Duration
	Now  func() time.Time
}

// Run restores from r and returns what was restored and from which revision on clients see it.
func (r *Restore) Run(ctx context.Context, from io.Reader) (*Staged, *Order, error) {
	lock, err := TryLock(r.DataDir)
	running := errors.Is(err, ErrInUse)
	if err != nil && !running {
		return nil, nil, err
	}
	var live int64
	if running {
		if live, err = r.ask(ctx); err != nil {
			return nil, nil, err
		}
	} else {
		defer lock.Unlock()
		live = r.replacedRevision(ctx)
	}
	staged, err := Stage(from, r.DataDir)
	if err != nil {
		return nil, nil, err
	}
	revision := NewRevision(staged.Contents.Revision, live, r.Now().Sub(staged.Manifest.Time))
	if err := staged.Build(r.Member, revision); err != nil {
		return nil, nil, errors.Join(err, staged.Discard())
	}
	order, err := staged.Place(r.DataDir, revision, r.Now())
	if err != nil {
		return nil, nil, errors.Join(err, staged.Discard())
	}
	if !running {
		_, err = Carry(r.DataDir)
		return staged, order, err
	}
	return staged, order, r.await(ctx, order)
}

// ask returns the revision of the server that runs, and refuses what must not be replaced beneath it.
func (r *Restore) ask(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{r.Endpoint}, Context: ctx})
	if err != nil {
		return 0, fmt.Errorf("connect to etcd: %w", err)
	}
	defer client.Close()
	answer, err := client.MemberList(ctx)
	if err != nil {
		return 0, fmt.Errorf("data directory %s: %w, which does not answer on %s (%v): stop it first", r.DataDir, ErrInUse, r.Endpoint, err)
	}
	if n := len(answer.Members); n > 1 {
		return 0, fmt.Errorf("the running server is one of %d members, and the others would go on with the present data: scale the StatefulSet to one replica, restore, and scale it up again", n)
	}
	status, err := client.Get(ctx, "/", clientv3.WithCountOnly())
	if err != nil {
		return 0, fmt.Errorf("read revision of the running server: %w", err)
	}
	if !r.Replace {
		return 0, fmt.Errorf("data directory %s: %w at revision %d: with --replace it stops, keeps its data aside and goes on with the backup", r.DataDir, ErrInUse, status.Header.Revision)
	}
	return status.Header.Revision, nil
}

// replacedRevision reads the revision of data that no server uses. What cannot be read counts as lost.
func (r *Restore) replacedRevision(ctx context.Context) int64 {
	path := datadir.ToBackendFileName(filepath.Join(r.DataDir, etcdDir))
	if _, err := os.Stat(path); err != nil {
		return 0
	}
	db, err := bolt.Open(path, 0o400, &bolt.Options{ReadOnly: true, Timeout: databaseTimeout})
	if err != nil {
		klog.FromContext(ctx).Info("The present data cannot be read and is put aside as it is", "path", path, "err", err)
		return 0
	}
	defer db.Close()
	var revision int64
	err = db.View(func(tx *bolt.Tx) error {
		revision = compacted(tx)
		keys := tx.Bucket(schema.Key.Name())
		if keys == nil {
			return nil
		}
		if k, _ := keys.Cursor().Last(); len(k) >= len(mvcc.NewRevBytes())-1 {
			revision = max(revision, mvcc.BytesToRev(k).Main)
		}
		return nil
	})
	if err != nil {
		klog.FromContext(ctx).Info("The revision of the present data cannot be read", "path", path, "err", err)
	}
	return revision
}

// await returns when the server has taken the order and serves what was restored.
func (r *Restore) await(ctx context.Context, o *Order) error {
	ctx, cancel := context.WithTimeout(ctx, r.Wait)
	defer cancel()
	tick := time.NewTicker(restartPoll)
	defer tick.Stop()
	for {
		err := r.served(ctx, o)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the backup is checked and in place, but the server has not come back after %s: %w: see its log", r.Wait, err)
		case <-tick.C:
		}
	}
}

// served tells why the restored data is not served yet.
func (r *Restore) served(ctx context.Context, o *Order) error {
	pending, err := Pending(r.DataDir)
	if err != nil {
		return err
	}
	if pending != nil {
		return errors.New("the server has not stopped yet")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{r.Endpoint}, Context: ctx})
	if err != nil {
		return fmt.Errorf("connect to etcd: %w", err)
	}
	defer client.Close()
	answer, err := client.Get(ctx, "/", clientv3.WithCountOnly())
	if err != nil {
		return fmt.Errorf("read revision: %w", err)
	}
	if answer.Header.Revision < o.Revision {
		return fmt.Errorf("it serves revision %d, want %d", answer.Header.Revision, o.Revision)
	}
	return nil
}
