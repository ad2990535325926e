// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package storagespace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// callTimeout bounds what a healthy member does within milliseconds.
	callTimeout = 10 * time.Second
	// defragTimeout bounds the rewrite of a database of the largest advised size on a slow disk.
	defragTimeout = 10 * time.Minute
)

// Member is one member of etcd with its volume.
type Member struct {
	client   *clientv3.Client
	endpoint string
	// prefix is where the objects are.
	prefix string
	// dataDir is on the volume, or empty when the volume is not known.
	dataDir string
}

// NewMember returns the member that the client reaches at endpoint.
func NewMember(client *clientv3.Client, endpoint, prefix, dataDir string) *Member {
	return &Member{client: client, endpoint: endpoint, prefix: prefix, dataDir: dataDir}
}

// status is an Observation with what else etcd tells.
type status struct {
	Observation
	id, leader uint64
	revision   int64
}

func (m *Member) observe(ctx context.Context) (*status, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	told, err := m.client.Status(ctx, m.endpoint)
	if err != nil {
		return nil, fmt.Errorf("get status of etcd: %w", err)
	}
	s := &status{
		Observation: Observation{At: time.Now(), Quota: told.DbSizeQuota, Size: told.DbSize, InUse: told.DbSizeInUse},
		id:          told.Header.MemberId, leader: told.Leader, revision: told.Header.Revision,
	}
	// A list of alarms is a write for etcd, so that it is asked for only when the status tells of one.
	if slices.ContainsFunc(told.Errors, func(e string) bool { return strings.Contains(e, etcdserverpb.AlarmType_NOSPACE.String()) }) {
		if s.Alarm, err = m.alarmed(ctx, s.id); err != nil {
			return nil, err
		}
	}
	if m.dataDir == "" {
		return s, nil
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(m.dataDir, &fs); err != nil {
		return nil, fmt.Errorf("get free space of %s: %w", m.dataDir, err)
	}
	s.VolumeSize, s.VolumeFree = int64(fs.Blocks)*fs.Bsize, int64(fs.Bavail)*fs.Bsize
	return s, nil
}

// alarmed tells whether the alarm is raised for this member.
func (m *Member) alarmed(ctx context.Context, id uint64) (bool, error) {
	list, err := m.client.AlarmList(ctx)
	if err != nil {
		return false, fmt.Errorf("list alarms of etcd: %w", err)
	}
	for _, alarm := range list.Alarms {
		if alarm.Alarm == etcdserverpb.AlarmType_NOSPACE && alarm.MemberID == id {
			return true, nil
		}
	}
	return false, nil
}

// compact gives up history before revision.
func (m *Member) compact(ctx context.Context, revision int64) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// Physical: its pages are free when it returns, not some time later.
	_, err := m.client.Compact(ctx, revision, clientv3.WithCompactPhysical())
	if err != nil && !errors.Is(err, rpctypes.ErrCompacted) {
		return fmt.Errorf("compact etcd: %w", err)
	}
	return nil
}

// defragment rewrites the database without its free pages. The member answers nobody meanwhile, so one
// that leads others hands that over first.
func (m *Member) defragment(ctx context.Context, s *status) error {
	ctx, cancel := context.WithTimeout(ctx, defragTimeout)
	defer cancel()
	if err := m.handOver(ctx, s); err != nil {
		return err
	}
	if _, err := m.client.Defragment(ctx, m.endpoint); err != nil {
		return fmt.Errorf("defragment etcd: %w", err)
	}
	return nil
}

func (m *Member) handOver(ctx context.Context, s *status) error {
	if s.id != s.leader {
		return nil
	}
	list, err := m.client.MemberList(ctx)
	if err != nil {
		return fmt.Errorf("list members of etcd: %w", err)
	}
	var problems []error
	for _, other := range list.Members {
		if other.ID == s.id || other.IsLearner {
			continue
		}
		if _, err = m.client.MoveLeader(ctx, other.ID); err == nil {
			return nil
		}
		problems = append(problems, err)
	}
	if len(problems) > 0 {
		return fmt.Errorf("hand leadership of etcd over: %w", errors.Join(problems...))
	}
	return nil
}

// raise makes etcd refuse writes.
func (m *Member) raise(ctx context.Context, id uint64) error {
	return m.alarm(ctx, id, etcdserverpb.AlarmRequest_ACTIVATE)
}

// disarm lets etcd take writes again.
func (m *Member) disarm(ctx context.Context, id uint64) error {
	return m.alarm(ctx, id, etcdserverpb.AlarmRequest_DEACTIVATE)
}

func (m *Member) alarm(ctx context.Context, id uint64, action etcdserverpb.AlarmRequest_AlarmAction) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// The client library can only take alarms back.
	_, err := etcdserverpb.NewMaintenanceClient(m.client.ActiveConnection()).Alarm(ctx,
		&etcdserverpb.AlarmRequest{MemberID: id, Action: action, Alarm: etcdserverpb.AlarmType_NOSPACE})
	if err != nil {
		return fmt.Errorf("change alarm of etcd: %w", err)
	}
	return nil
}

// Reclaim gives back all the room that can be: history is compacted, the database is rewritten and the
// alarm taken back. It returns the sizes of the database before and after in bytes.
func (m *Member) Reclaim(ctx context.Context) (before, after int64, err error) {
	s, err := m.observe(ctx)
	if err != nil {
		return 0, 0, err
	}
	if s.VolumeSize > 0 && s.VolumeFree < s.InUse+spare {
		return 0, 0, fmt.Errorf("defragment etcd: it needs %d MiB on the volume of %s and %d MiB are free", (s.InUse+spare)/mib, m.dataDir, s.VolumeFree/mib)
	}
	if err := m.compact(ctx, s.revision); err != nil {
		return 0, 0, err
	}
	if err := m.defragment(ctx, s); err != nil {
		return 0, 0, err
	}
	now, err := m.observe(ctx)
	if err != nil {
		return 0, 0, err
	}
	if now.Alarm {
		if err := m.disarm(ctx, now.id); err != nil {
			return 0, 0, err
		}
	}
	return s.Size, now.Size, nil
}
