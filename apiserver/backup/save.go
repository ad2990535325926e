// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/virtplane/virtplane/apis/version"
)

// page is how many keys are counted with one request.
const page = 5000

// Save writes a backup of the member that the client reaches to w while it goes on serving, and
// returns what it holds. The member sends a hash with its data, which is checked on the way.
func Save(ctx context.Context, client *clientv3.Client, prefix string, w io.Writer) (*Manifest, error) {
	m, err := describe(ctx, client, prefix)
	if err != nil {
		return nil, err
	}
	if err := m.write(w); err != nil {
		return nil, err
	}
	snapshot, err := client.SnapshotWithVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	defer snapshot.Snapshot.Close()
	check := newChecker()
	if _, err := io.Copy(io.MultiWriter(w, check), snapshot.Snapshot); err != nil {
		return nil, fmt.Errorf("copy snapshot: %w", err)
	}
	if err := check.verify(); err != nil {
		return nil, err
	}
	return m, nil
}

// describe counts the objects at the present revision.
func describe(ctx context.Context, client *clientv3.Client, prefix string) (*Manifest, error) {
	m := &Manifest{
		Format: Format, Time: time.Now().UTC().Truncate(time.Second), Version: version.Get().GitVersion,
		Prefix: prefix, Objects: map[string]int64{},
	}
	end := clientv3.GetPrefixRangeEnd(prefix + "/")
	for key := prefix + "/"; ; {
		answer, err := client.Get(ctx, key, clientv3.WithRange(end), clientv3.WithKeysOnly(), clientv3.WithLimit(page), clientv3.WithRev(m.Revision))
		if err != nil {
			return nil, fmt.Errorf("count objects: %w", err)
		}
		if m.Revision == 0 {
			m.Revision = answer.Header.Revision
			m.Cluster, m.Member = fmt.Sprintf("%x", answer.Header.ClusterId), fmt.Sprintf("%x", answer.Header.MemberId)
		}
		for _, kv := range answer.Kvs {
			if r := resource(prefix, kv.Key); r != "" {
				m.Objects[r]++
			}
		}
		if !answer.More {
			return m, nil
		}
		key = string(answer.Kvs[len(answer.Kvs)-1].Key) + "\x00"
	}
}

// errHash is what a truncated or damaged snapshot shows.
var errHash = errors.New("the snapshot does not match the hash at its end: it is cut off or damaged")

// checker compares a snapshot that is written to it with the SHA-256 in its last bytes.
type checker struct {
	sum hash.Hash
	// last holds back what may be the hash itself.
	last []byte
	size int64
}

func newChecker() *checker { return &checker{sum: sha256.New()} }

func (c *checker) Write(p []byte) (int, error) {
	c.size += int64(len(p))
	c.last = append(c.last, p...)
	if n := len(c.last) - sha256.Size; n > 0 {
		c.sum.Write(c.last[:n])
		c.last = append(c.last[:0], c.last[n:]...)
	}
	return len(p), nil
}

// verify is called after the last byte.
func (c *checker) verify() error {
	if len(c.last) < sha256.Size || !bytes.Equal(c.sum.Sum(nil), c.last) {
		return errHash
	}
	return nil
}
