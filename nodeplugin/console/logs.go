// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const logSuffix = ".log"

// ErrNoLog says that the node keeps no log of the run that was asked for.
var ErrNoLog = errors.New("no log of it is kept")

// Limits say how much the logs of a node may take.
type Limits struct {
	// Run is how much is kept of each run of a guest, in bytes.
	Run int64
	// Ended is how much is kept of all runs that have ended, in bytes.
	Ended int64
	// Age is how long it is kept after the last output.
	Age time.Duration
}

// DefaultLimits keep what a few hundred guests write while they boot.
var DefaultLimits = Limits{Run: 2 << 20, Ended: 256 << 20, Age: 7 * 24 * time.Hour}

// Logs is the directory of the node's console logs: NAMESPACE/NAME/UID.log is the log of the run UID of
// the guest NAME.
type Logs struct {
	dir    string
	limits Limits
	// readers counts who reads ended logs.
	readers atomic.Int64

	// mu keeps a log from being opened while the directory around it is removed.
	mu sync.Mutex
}

// NewLogs returns the logs in dir.
func NewLogs(dir string, limits Limits) *Logs { return &Logs{dir: dir, limits: limits} }

// Open continues the log of a run, or begins it.
func (l *Logs) Open(instance types.NamespacedName, uid types.UID) (*Log, error) {
	path, err := l.path(instance, uid)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return openLog(path, l.limits.Run/2)
}

func (l *Logs) path(instance types.NamespacedName, uid types.UID) (string, error) {
	for _, part := range []string{instance.Namespace, instance.Name, string(uid)} {
		// They are names of the API, which has no such ones.
		if part == "" || strings.HasPrefix(part, ".") || strings.Contains(part, "/") {
			return "", fmt.Errorf("console log of %s, run %s: %q is not a name", instance, uid, part)
		}
	}
	return filepath.Join(l.dir, instance.Namespace, instance.Name, string(uid)+logSuffix), nil
}

// Query says which run of a guest is meant.
type Query struct {
	// Owner is the UID of the guest's virtual machine, or of the instance where there is none. Runs of
	// others that had the same name are not shown.
	Owner types.UID
	// Run is the UID of the run's instance; empty for the last one.
	Run types.UID
	// Previous asks for the run before.
	Previous bool
}

// find opens the log of a run that has ended.
func (l *Logs) find(instance types.NamespacedName, q Query) (*Log, error) {
	path, err := l.path(instance, "any")
	if err != nil {
		return nil, err
	}
	runs, err := readRuns(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var logs []*Log
	defer func() {
		for _, log := range logs {
			log.Close()
		}
	}()
	skip := 0
	if q.Previous && q.Run == "" {
		skip = 1
	}
	for _, run := range runs {
		if (run.uid == q.Run) == q.Previous && q.Run != "" {
			continue
		}
		log, err := readLog(run.path())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if run.uid != q.Run && run.uid != q.Owner && log.owner != q.Owner {
			log.Close()
			continue
		}
		if skip--; skip < 0 {
			return log, nil
		}
		logs = append(logs, log)
	}
	return nil, ErrNoLog
}

// run is what is kept of one run of a guest.
type run struct {
	dir string
	uid types.UID
	// files are the names of its files, and bytes what they take.
	files []string
	bytes int64
	// last is when the last output came.
	last time.Time
}

func (r *run) path() string { return filepath.Join(r.dir, string(r.uid)+logSuffix) }

func (r *run) remove() error {
	var errs []error
	for _, file := range r.files {
		if err := os.Remove(filepath.Join(r.dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// readRuns returns the runs in the directory of a guest, the newest first.
func readRuns(dir string) ([]*run, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list console logs: %w", err)
	}
	byUID := map[types.UID]*run{}
	var runs []*run
	for _, entry := range entries {
		stem, rest, isLog := strings.Cut(entry.Name(), logSuffix)
		info, err := entry.Info()
		if !isLog || err != nil {
			continue
		}
		r := byUID[types.UID(stem)]
		if r == nil {
			r = &run{dir: dir, uid: types.UID(stem)}
			byUID[r.uid] = r
			runs = append(runs, r)
		}
		r.files = append(r.files, entry.Name())
		r.bytes += info.Size()
		// The index is written again when it becomes known whose the guest is.
		if !strings.HasPrefix(rest, indexSuffix) && info.ModTime().After(r.last) {
			r.last = info.ModTime()
		}
	}
	slices.SortFunc(runs, func(a, b *run) int { return b.last.Compare(a.last) })
	return runs, nil
}
