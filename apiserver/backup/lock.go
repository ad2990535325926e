// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	lockFile = "lock"
	// lockPoll is short beside the second or two that a stopping server takes.
	lockPoll = 100 * time.Millisecond
)

// ErrInUse tells that another process works on a data directory.
var ErrInUse = errors.New("in use by another virt-apiserver")

// Lock keeps other processes from a data directory. It is gone when the process is.
type Lock struct{ file *os.File }

// TryLock takes the lock of dataDir or returns ErrInUse.
func TryLock(dataDir string) (*Lock, error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dataDir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s: %w", dataDir, ErrInUse)
		}
		return nil, fmt.Errorf("lock data directory %s: %w", dataDir, err)
	}
	return &Lock{file: file}, nil
}

// WaitLock takes the lock as soon as a process that is about to end gives it up.
func WaitLock(ctx context.Context, dataDir string, patience time.Duration) (*Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		lock, err := TryLock(dataDir)
		if err == nil || !errors.Is(err, ErrInUse) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

// Unlock gives the directory free.
func (l *Lock) Unlock() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("unlock data directory: %w", err)
	}
	return nil
}
