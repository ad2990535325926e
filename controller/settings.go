// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	"github.com/virtplane/virtplane/apis/kubevirt/config/live"
)

// follow keeps the settings up to date, and the log level by them, also while another replica leads. stop waits for the
// end of that.
func follow(ctx context.Context, c *clients, namespace string) (settings *live.Settings, stop func()) {
	settings = live.New(namespace)
	level := live.NewLevel()
	settings.Handle(func(ctx context.Context, now config.Config) { level.Set(ctx, now.Verbosity.Controller) })
	kubevirts := c.virtplane.KubevirtV1().KubeVirts(namespace)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		settings.Run(ctx, source(c.virtplane, nil, kubevirts.List, kubevirts.Watch))
	}()
	return settings, func() {
		cancel()
		<-done
	}
}
