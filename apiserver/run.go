// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apis/version"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

// Run serves until ctx ends, or until a backup waits to be restored and it returns ErrRestart. The
// embedded etcd outlives the server, so that requests drain.
func (o *Options) Run(ctx context.Context) error {
	if err := utilerrors.NewAggregate(o.Validate()); err != nil {
		return err
	}
	logger := klog.FromContext(ctx)
	logger.Info("Starting virt-apiserver", "version", version.Get().GitVersion)
	if o.embedded() {
		opened, closeDir, err := o.openDataDir(ctx)
		if err != nil {
			return err
		}
		defer closeDir()
		ctx = opened
		etcd, err := embeddedetcd.Config{DataDir: o.DataDir, QuotaBytes: o.EtcdQuotaBytes}.Start(ctx)
		if err != nil {
			return fmt.Errorf("start embedded etcd in %s: %w", o.DataDir, err)
		}
		defer etcd.Close()
		logger.Info("Embedded etcd is ready", "dataDir", o.DataDir)
		o.Recommended.Etcd.StorageConfig.Transport.ServerList = []string{embeddedetcd.Endpoint(o.DataDir)}
	}
	config, err := o.Config(ctx)
	if err != nil {
		return err
	}
	server, err := config.New()
	if err != nil {
		return err
	}
	if err := server.Run(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrRestart) {
		return cause
	}
	return nil
}
