// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/tools/cache"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	"github.com/virtplane/virtplane/apis/kubevirt/config/live"
)

// settings are those of the KubeVirt object, by which this server also logs.
func (c *Config) settings() *live.Settings {
	settings, level := live.New(c.Namespace), live.NewLevel()
	settings.Handle(func(ctx context.Context, now config.Config) { level.Set(ctx, now.Verbosity.API) })
	return settings
}

// followSettings keeps the settings up to date. The server is ready when it knows them: instances that it creates get their
// defaults from them.
func followSettings(server *genericapiserver.GenericAPIServer, settings *live.Settings, source cache.ListerWatcher) error {
	if err := server.AddPostStartHook("virtplane-settings", func(hook genericapiserver.PostStartHookContext) error {
		go settings.Run(hook, source)
		// An error means that the server is being stopped already; the library would take it for a crash.
		_ = settings.Wait(hook)
		return nil
	}); err != nil {
		return fmt.Errorf("add hook: %w", err)
	}
	return nil
}
