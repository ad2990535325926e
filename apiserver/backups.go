// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	"github.com/virtplane/virtplane/apiserver/backup"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

// minBackupInterval keeps a mistyped unit from filling the volume.
const minBackupInterval = time.Minute

// defaultSchedule keeps two days.
var defaultSchedule = backup.Schedule{Interval: 6 * time.Hour, Keep: 8}

func (o *Options) addBackupFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Backups.Dir, "backup-dir", o.Backups.Dir, "Directory in which the objects are saved regularly, on a volume other than that of --data-dir. "+
		"Empty for no such backups. Needs the embedded etcd.")
	fs.DurationVar(&o.Backups.Interval, "backup-interval", o.Backups.Interval, "How often the objects are saved in --backup-dir.")
	fs.IntVar(&o.Backups.Keep, "backup-keep", o.Backups.Keep, "How many of the latest files stay in --backup-dir.")
}

func (o *Options) validateBackups() []error {
	if o.Backups.Dir == "" {
		return nil
	}
	var errs []error
	if !o.embedded() {
		errs = append(errs, errors.New("--backup-dir: cannot be used with --etcd-servers; back that etcd up with its own tools"))
	}
	if !filepath.IsAbs(o.Backups.Dir) {
		errs = append(errs, fmt.Errorf("--backup-dir: %q must be an absolute path", o.Backups.Dir))
	}
	if o.Backups.Interval < minBackupInterval {
		errs = append(errs, fmt.Errorf("--backup-interval: %s must be at least %s", o.Backups.Interval, minBackupInterval))
	}
	if o.Backups.Keep < 1 {
		errs = append(errs, fmt.Errorf("--backup-keep: %d must be at least 1", o.Backups.Keep))
	}
	return errs
}

// saveRegularly has the server save its objects by a schedule.
func (o *Options) saveRegularly(generic *genericapiserver.RecommendedConfig, client *clientv3.Client, host kubernetes.Interface) error {
	if o.Backups.Dir == "" {
		return nil
	}
	scheduler := backup.NewScheduler(o.Backups, client, embeddedetcd.Endpoint(o.DataDir), o.Recommended.Etcd.StorageConfig.Prefix)
	// A server without backups serves; like a lack of room this is for /healthz alone.
	generic.HealthzChecks = append(generic.HealthzChecks, scheduler)
	return generic.AddPostStartHook("virtplane-backups", func(hook genericapiserver.PostStartHookContext) error {
		reporter, err := newReporter(hook, host, o.Namespace, o.ServiceName)
		if err != nil {
			return err
		}
		go reporter.watch(hook, "BackupFailed", scheduler.Check)
		go scheduler.Run(hook)
		return nil
	})
}
