// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/logutil"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.etcd.io/etcd/server/v3/etcdserver/api/snap"
	"go.etcd.io/etcd/server/v3/etcdserver/cindex"
	"go.etcd.io/etcd/server/v3/storage/backend"
	"go.etcd.io/etcd/server/v3/storage/datadir"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"go.etcd.io/etcd/server/v3/storage/schema"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/etcd/server/v3/verify"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// Member is the only member of the cluster that a restored data directory begins.
type Member struct {
	Name, PeerURL string
	// Token makes the identifiers of the new cluster differ from those of the old one, whose members
	// would otherwise take this one for a peer with a log that contradicts theirs.
	Token string
}

// NewToken returns a token that no earlier restore has used.
func NewToken(now time.Time) string {
	return "restored-" + now.UTC().Format("20060102T150405.000000000")
}

// the first log of a cluster begins with one entry in its first term.
const firstIndex, firstTerm = uint64(1), uint64(1)

// Build makes a data directory of the staged database: a cluster of one member whose history begins at
// revision, and in which everything before counts as compacted.
func (s *Staged) Build(m Member, revision int64) error {
	if revision <= s.Contents.Revision {
		return fmt.Errorf("begin at revision %d: the backup holds %d", revision, s.Contents.Revision)
	}
	lg, err := logutil.CreateDefaultZapLogger(zap.WarnLevel)
	if err != nil {
		return fmt.Errorf("make logger: %w", err)
	}
	urls, err := types.NewURLsMap(m.Name + "=" + m.PeerURL)
	if err != nil {
		return fmt.Errorf("read peer URL: %w", err)
	}
	cluster, err := membership.NewClusterFromURLsMap(lg, m.Token, urls)
	if err != nil {
		return fmt.Errorf("make cluster: %w", err)
	}
	self := cluster.MemberByName(m.Name)
	state := &raftpb.ConfState{Voters: []uint64{uint64(self.ID)}}
	if err := s.enrol(lg, cluster, state, revision); err != nil {
		return err
	}
	if err := s.writeLog(lg, cluster, self, state); err != nil {
		return err
	}
	if err := verify.Verify(verify.Config{DataDir: s.etcd(), ExactIndex: true, Logger: lg}); err != nil {
		return fmt.Errorf("verify new data directory: %w", err)
	}
	return nil
}

// enrol makes the database that of the new cluster.
func (s *Staged) enrol(lg *zap.Logger, cluster *membership.RaftCluster, state *raftpb.ConfState, revision int64) error {
	db := backend.NewDefaultBackend(lg, datadir.ToBackendFileName(s.etcd()))
	defer db.Close()
	members := schema.NewMembershipBackend(lg, db)
	if err := members.TrimMembershipFromBackend(); err != nil {
		return fmt.Errorf("remove members of the old cluster: %w", err)
	}
	cluster.SetBackend(members)
	for _, member := range cluster.Members() {
		cluster.AddMember(member, membership.ApplyBoth)
	}
	tx := db.BatchTx()
	tx.LockOutsideApply()
	schema.MustUnsafeSaveConfStateToBackend(lg, tx, state)
	// etcd finishes this compaction when it starts, and counts on from its revision.
	mvcc.UnsafeSetScheduledCompact(tx, revision)
	tx.Unlock()
	cindex.UpdateConsistentIndexForce(tx, firstIndex, firstTerm)
	db.ForceCommit()
	return nil
}

// writeLog makes the log and the snapshot with which a cluster of one member begins.
func (s *Staged) writeLog(lg *zap.Logger, cluster *membership.RaftCluster, self *membership.Member, state *raftpb.ConfState) error {
	id := uint64(self.ID)
	metadata, err := proto.Marshal(&etcdserverpb.Metadata{NodeID: &id, ClusterID: new(uint64(cluster.ID()))})
	if err != nil {
		return fmt.Errorf("encode metadata of the log: %w", err)
	}
	described, err := json.Marshal(self)
	if err != nil {
		return fmt.Errorf("encode member: %w", err)
	}
	change, err := proto.Marshal(&raftpb.ConfChange{Type: raftpb.ConfChangeAddNode.Enum(), NodeId: &id, Context: described})
	if err != nil {
		return fmt.Errorf("encode first entry: %w", err)
	}
	log, err := wal.Create(lg, datadir.ToWALDir(s.etcd()), metadata)
	if err != nil {
		return fmt.Errorf("make log: %w", err)
	}
	defer log.Close()
	index, term := firstIndex, firstTerm
	hard := &raftpb.HardState{Term: &term, Vote: &id, Commit: &index}
	entry := &raftpb.Entry{Type: raftpb.EntryConfChange.Enum(), Term: &term, Index: &index, Data: change}
	if err := log.Save(hard, []*raftpb.Entry{entry}); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	snapshots := filepath.Join(datadir.ToMemberDir(s.etcd()), "snap")
	if err := snap.New(lg, snapshots).SaveSnap(&raftpb.Snapshot{
		Data:     etcdserver.GetMembershipInfoInV2Format(lg, cluster),
		Metadata: &raftpb.SnapshotMetadata{Index: &index, Term: &term, ConfState: state},
	}); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	if err := log.SaveSnapshot(&walpb.Snapshot{Index: &index, Term: &term, ConfState: state}); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}
