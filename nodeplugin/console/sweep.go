// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// maxEnded is how many ended runs of one guest are kept, so that a guest that crashes again and again
// does not take the place of all others: the last one and the one before.
const maxEnded = 2

// Reasons for removing a log.
const (
	newerRuns = "runs"
	tooOld    = "age"
	noSpace   = "space"
)

// Sweep removes logs of ended runs, the oldest first, until what is left is within the limits. present
// tells whether a guest is there.
func (l *Logs) Sweep(now time.Time, present func(types.UID) bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	guests, err := filepath.Glob(filepath.Join(l.dir, "*", "*"))
	if err != nil {
		return fmt.Errorf("list console logs: %w", err)
	}
	var errs []error
	var ended []*run
	total := map[string]int64{}
	for _, dir := range guests {
		runs, err := readRuns(dir)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		kept := 0
		for _, r := range runs {
			switch {
			case present(r.uid):
				total["current"] += r.bytes
			case kept >= maxEnded:
				errs = append(errs, discard(r, newerRuns))
			case now.Sub(r.last) > l.limits.Age:
				errs = append(errs, discard(r, tooOld))
			default:
				kept++
				ended = append(ended, r)
				total["ended"] += r.bytes
			}
		}
	}
	slices.SortFunc(ended, func(a, b *run) int { return cmp.Or(a.last.Compare(b.last), cmp.Compare(a.path(), b.path())) })
	for _, r := range ended {
		if total["ended"] <= l.limits.Ended {
			break
		}
		total["ended"] -= r.bytes
		errs = append(errs, discard(r, noSpace))
	}
	for _, state := range []string{"current", "ended"} {
		logBytes.WithLabelValues(state).Set(float64(total[state]))
	}
	errs = append(errs, l.prune(guests))
	return errors.Join(errs...)
}

func discard(r *run, reason string) error {
	if err := r.remove(); err != nil {
		return fmt.Errorf("remove console log: %w", err)
	}
	removedBytes.WithLabelValues(reason).Add(float64(r.bytes))
	return nil
}

// prune removes the directories in which nothing is left, and files of versions that had none.
func (l *Logs) prune(guests []string) error {
	for _, dir := range guests {
		for ; dir != l.dir; dir = filepath.Dir(dir) {
			if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				break
			}
		}
	}
	entries, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list console logs: %w", err)
	}
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			// It is tried again in a minute.
			_ = os.Remove(filepath.Join(l.dir, entry.Name()))
		}
	}
	return nil
}
