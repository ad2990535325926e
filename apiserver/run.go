// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apis/version"
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
		if ctx, err = o.startEtcd(ctx); err != nil {
			return err
		}
		defer o.etcd.Close()
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
	if cause := context.Cause(ctx); errors.Is(cause, ErrRestart) || errors.Is(cause, errEtcdStopped) {
		return cause
	}
	return nil
}
