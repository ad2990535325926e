// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/klog/v2"
)

const (
	// filePrefix and fileSuffix surround the time in the names of scheduled backups, which sort by it.
	filePrefix, fileSuffix = "virtplane-", ".backup"
	fileTime               = "20060102T150405Z"
	// retry is how soon a backup that failed is tried again.
	retry = time.Minute
	// turnInterval is how soon a member that does not lead looks whether it does by now.
	turnInterval = time.Minute
)

// Schedule says when a server saves its objects by itself.
type Schedule struct {
	// Dir is where the files go, on a volume of its own if they are to survive that of the data.
	Dir      string
	Interval time.Duration
	// Keep is how many of the latest files stay.
	Keep int
}

// Scheduler saves the objects of one member by a schedule.
type Scheduler struct {
	schedule         Schedule
	client           *clientv3.Client
	endpoint, prefix string

	// mu guards what the health check reads.
	mu      sync.Mutex
	problem error
}

// NewScheduler returns a scheduler for the member that the client reaches at endpoint.
func NewScheduler(schedule Schedule, client *clientv3.Client, endpoint, prefix string) *Scheduler {
	return &Scheduler{schedule: schedule, client: client, endpoint: endpoint, prefix: prefix}
}

// Name is that of the health check.
func (s *Scheduler) Name() string { return "scheduled-backup" }

// Check fails while the last scheduled backup did.
func (s *Scheduler) Check(*http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problem
}

// Run saves until ctx ends. A restart does not bring the next backup forward.
func (s *Scheduler) Run(ctx context.Context) {
	for {
		wait, err := s.due(time.Now())
		if err == nil && wait <= 0 {
			wait, err = s.save(ctx, time.Now())
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failures.Inc()
			klog.FromContext(ctx).Error(err, "Scheduled backup failed; trying again", "in", retry)
			err = fmt.Errorf("the scheduled backup to %s failed, and is tried again every %s: %w", s.schedule.Dir, retry, err)
			wait = retry
		}
		s.mu.Lock()
		s.problem = err
		s.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// due returns how long it is until the next backup, by the latest file.
func (s *Scheduler) due(now time.Time) (time.Duration, error) {
	files, err := s.files()
	if err != nil || len(files) == 0 {
		return 0, err
	}
	name := filepath.Base(files[len(files)-1])
	last, err := time.Parse(filePrefix+fileTime+fileSuffix, name)
	if err != nil {
		return 0, fmt.Errorf("read time of backup: %w", err)
	}
	lastSuccess.Set(float64(last.Unix()))
	// A file of the future, by a clock that was wrong, must not end the backups.
	return min(last.Add(s.schedule.Interval).Sub(now), s.schedule.Interval), nil
}

// files returns the backups from the oldest to the latest.
func (s *Scheduler) files() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(s.schedule.Dir, filePrefix+"*"+fileSuffix))
	if err != nil {
		return nil, fmt.Errorf("find backups: %w", err)
	}
	found = slices.DeleteFunc(found, func(path string) bool {
		stamp := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), filePrefix), fileSuffix)
		_, err := time.Parse(fileTime, stamp)
		return err != nil
	})
	slices.Sort(found)
	return found, nil
}

// save makes a backup when it is for this member to do, and returns when to look again.
func (s *Scheduler) save(ctx context.Context, now time.Time) (time.Duration, error) {
	leader, err := s.leads(ctx)
	if err != nil || !leader {
		return turnInterval, err
	}
	if err := os.MkdirAll(s.schedule.Dir, 0o700); err != nil {
		return 0, fmt.Errorf("make directory: %w", err)
	}
	path := filepath.Join(s.schedule.Dir, filePrefix+now.UTC().Format(fileTime)+fileSuffix)
	m, err := SaveFile(ctx, s.client, s.prefix, path)
	if err != nil {
		return 0, err
	}
	lastSuccess.Set(float64(now.Unix()))
	klog.FromContext(ctx).Info("Saved a scheduled backup", "file", path, "holds", (&Contents{Revision: m.Revision, Objects: m.Objects}).String())
	files, err := s.files()
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, old := range files[:max(0, len(files)-s.schedule.Keep)] {
		problems = append(problems, os.Remove(old))
	}
	return s.schedule.Interval, errors.Join(problems...)
}

// leads tells whether this member is the one of several that saves.
func (s *Scheduler) leads(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	status, err := s.client.Status(ctx, s.endpoint)
	if err != nil {
		return false, fmt.Errorf("get status of etcd: %w", err)
	}
	return status.Leader == status.Header.MemberId, nil
}
