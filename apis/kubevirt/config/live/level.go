// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"flag"
	"strconv"
	"sync"

	"k8s.io/klog/v2"
)

// Level changes the log level of the process.
type Level struct {
	flag flag.Value
	// started is the level that the process was started with.
	started int64
	mu      sync.Mutex
}

// NewLevel remembers the level that the process was started with; the flags must have been parsed.
func NewLevel() *Level {
	flags := flag.NewFlagSet("logging", flag.ContinueOnError)
	klog.InitFlags(flags)
	l := &Level{flag: flags.Lookup("v").Value}
	l.started = l.now()
	return l
}

func (l *Level) now() int64 {
	level, err := strconv.ParseInt(l.flag.String(), 10, 32)
	if err != nil {
		return 0 // klog's own flag holds a number
	}
	return level
}

// Set changes the level; 0 is the one that the process was started with.
func (l *Level) Set(ctx context.Context, level int64) {
	if level == 0 {
		level = l.started
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.now()
	if before == level {
		return
	}
	if err := l.flag.Set(strconv.FormatInt(level, 10)); err != nil {
		klog.FromContext(ctx).Error(err, "Change log level", "level", level)
		return
	}
	klog.FromContext(ctx).Info("Log level changed", "from", before, "to", level)
}
