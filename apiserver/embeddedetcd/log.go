// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"slices"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
)

// harmless are messages of etcd above its level of information that tell an operator nothing to act on.
var harmless = []string{
	// It serves one socket, to this process.
	"Running http and grpc server on single port. This is not recommended for production.",
	// Tokens belong to etcd's own users, of which there are none.
	"simple token is not cryptographically signed",
	// True of every new database until its first write.
	"Failed to detect schema version",
	"failed to update storage version",
	// What asked for the change says so itself, and tries again.
	"rejecting member add request; local member has not been connected to majority peers, reconfigure breaks active quorum",
	"rejecting member remove request; local member has not been connected to all peers, reconfigure breaks active quorum",
	"rejecting promote learner: learner is not ready",
}

// logCore writes what etcd logs to the log of the process.
type logCore struct {
	logger klog.Logger
	fields []zapcore.Field
	// closing tells that connections end because they are to, of which etcd complains at length.
	closing *atomic.Bool
}

func newLogger(logger klog.Logger, closing *atomic.Bool) *zap.Logger {
	return zap.New(logCore{logger: logger.WithName("etcd").WithCallDepth(4), closing: closing})
}

// Enabled tells which levels are written.
func (c logCore) Enabled(level zapcore.Level) bool { return level >= zapcore.WarnLevel }

// With returns a core that adds fields to each line.
func (c logCore) With(fields []zapcore.Field) zapcore.Core {
	c.fields = slices.Concat(c.fields, fields)
	return c
}

// Check adds the core where the entry is to be written. What ends the process is always told.
func (c logCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	fatal := entry.Level >= zapcore.DPanicLevel
	if !c.Enabled(entry.Level) || (!fatal && (c.closing.Load() || slices.Contains(harmless, entry.Message))) {
		return checked
	}
	return checked.AddCore(entry, c)
}

// Write writes one line.
func (c logCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	values := zapcore.NewMapObjectEncoder()
	for _, field := range slices.Concat(c.fields, fields) {
		field.AddTo(values)
	}
	var pairs []any
	for name, value := range values.Fields {
		pairs = append(pairs, name, value)
	}
	if entry.Level == zapcore.WarnLevel {
		c.logger.Info(entry.Message, pairs...)
		return nil
	}
	c.logger.Error(nil, entry.Message, pairs...)
	if entry.Level >= zapcore.DPanicLevel {
		klog.Flush()
	}
	return nil
}

// Sync has nothing to do: klog flushes by itself.
func (logCore) Sync() error { return nil }
