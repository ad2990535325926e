// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"
	"errors"
	"os"
	"runtime/debug"

	"k8s.io/klog/v2"
)

// collectAt lets garbage grow to half of what is in use before it is collected: each node pays for
// the memory, and there is little to collect. The variable GOGC overrides it.
const collectAt = 50

// Main runs the node plugin with options until ctx ends, and returns the process's exit code.
func Main(ctx context.Context, options *Options) int {
	defer klog.Flush()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if err := run(ctx, options); err != nil {
		klog.FromContext(ctx).Error(err, "Node plugin ends")
		return 1
	}
	return 0
}

func run(ctx context.Context, options *Options) error {
	if err := errors.Join(options.Validate()...); err != nil {
		return err
	}
	config, err := options.Config()
	if err != nil {
		return err
	}
	plugin, err := New(ctx, config)
	if err != nil {
		return err
	}
	return plugin.Run(ctx)
}
