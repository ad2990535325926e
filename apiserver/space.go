// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"slices"

	"go.etcd.io/etcd/client/pkg/v3/logutil"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
	"github.com/virtplane/virtplane/apiserver/storagespace"
)

// keepSpace has writes that find no room refused in words that help, and the embedded etcd looked
// after. A lack of room is told by /healthz, which no probe of the installation asks: reads and
// deletions are served, so the server stays ready.
func (o *Options) keepSpace(generic *genericapiserver.RecommendedConfig, host kubernetes.Interface) error {
	read := newInitialized(generic.RESTOptionsGetter)
	generic.RESTOptionsGetter = read
	generic.AddReadyzChecks(read)
	endpoint := embeddedetcd.Endpoint(o.DataDir)
	if !slices.Equal(o.Recommended.Etcd.StorageConfig.Transport.ServerList, []string{endpoint}) {
		generic.RESTOptionsGetter = storagespace.Guard(generic.RESTOptionsGetter, nil)
		return nil
	}
	logger, err := logutil.CreateDefaultZapLogger(zap.WarnLevel)
	if err != nil {
		return fmt.Errorf("make logger: %w", err)
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Logger: logger})
	if err != nil {
		return fmt.Errorf("connect to embedded etcd: %w", err)
	}
	keeper := storagespace.NewKeeper(storagespace.NewMember(client, endpoint, o.Recommended.Etcd.StorageConfig.Prefix, o.DataDir))
	generic.RESTOptionsGetter = storagespace.Guard(generic.RESTOptionsGetter, keeper)
	generic.HealthzChecks = append(generic.HealthzChecks, keeper)
	if err := o.saveRegularly(generic, client, host); err != nil {
		return err
	}
	return generic.AddPostStartHook("virtplane-storage-space", func(hook genericapiserver.PostStartHookContext) error {
		reporter, err := newReporter(hook, host, o.Namespace, o.ServiceName)
		if err != nil {
			return err
		}
		go reporter.watch(hook, "StorageSpace", keeper.Check)
		go func() {
			defer client.Close()
			keeper.Run(hook)
		}()
		return nil
	})
}
