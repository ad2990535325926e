// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"context"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	"github.com/virtplane/virtplane/apis/kubevirt/config/live"
)

// followSettings logs as much as the settings of the installation say, until ctx ends.
func (p *Plugin) followSettings(ctx context.Context) {
	settings, level := live.New(p.config.Namespace), live.NewLevel()
	settings.Handle(func(ctx context.Context, now config.Config) { level.Set(ctx, now.Verbosity.Node(p.config.Node)) })
	settings.Run(ctx, p.kube.KubeVirts(p.config.Namespace))
}
