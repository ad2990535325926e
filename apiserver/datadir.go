// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apiserver/backup"
)

// lockPatience is how long a server waits for one that is about to end: as long as a pod may take to stop.
const lockPatience = 30 * time.Second

// ErrRestart tells that the server ended in order to be started again on other data.
var ErrRestart = errors.New("restart to restore a backup")

// openDataDir takes the data directory and puts a backup in place that waits to be restored. The
// returned context ends when another one does, with ErrRestart as its cause.
func (o *Options) openDataDir(ctx context.Context) (context.Context, func(), error) {
	lock, err := backup.WaitLock(ctx, o.DataDir, lockPatience)
	if err != nil {
		return nil, nil, err
	}
	order, err := backup.Carry(o.DataDir)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("restore backup: %w", err), lock.Unlock())
	}
	logger := klog.FromContext(ctx)
	if order != nil {
		logger.Info("Restored a backup", "made", order.From, "revision", order.Revision, "replacedData", order.Aside)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		if backup.Ordered(ctx, o.DataDir) {
			cancel(ErrRestart)
		}
	}()
	return ctx, func() {
		cancel(nil)
		if err := lock.Unlock(); err != nil {
			logger.Error(err, "The data directory stays locked until the process ends", "dataDir", o.DataDir)
		}
	}, nil
}
