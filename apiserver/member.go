// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apiserver/certificates"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
	"github.com/virtplane/virtplane/apiserver/replicas"
)

// memberCertificates is the directory of the member's certificate, below the data directory.
const memberCertificates = "tls"

// replicaShutdownDelay is how long one of several replicas goes on serving when it stops, unless a flag says otherwise:
// kube-proxy and kube-apiserver learn within it that the replica is not ready any more.
const replicaShutdownDelay = 5 * time.Second

// errEtcdStopped ends a server whose etcd has ended: started again it serves, or says why it cannot.
var errEtcdStopped = errors.New("the embedded etcd has stopped; its log says why")

// identity is what this process has from the host cluster before it serves.
type identity struct {
	clients certificates.Clients
	manager *certificates.Manager
}

// loadIdentity reaches the host cluster and issues the certificates, once.
func (o *Options) loadIdentity(ctx context.Context) (*identity, error) {
	if o.identity != nil {
		return o.identity, nil
	}
	clients, err := o.clients()
	if err != nil {
		return nil, err
	}
	manager, err := certificates.NewManager(ctx, clients, o.Namespace, o.ServiceName)
	if err != nil {
		return nil, fmt.Errorf("load certificates: %w", err)
	}
	o.identity = &identity{clients: clients, manager: manager}
	return o.identity, nil
}

// startEtcd runs the embedded etcd: alone, or as a member of a cluster. The returned context ends with it.
func (o *Options) startEtcd(ctx context.Context) (context.Context, error) {
	config := embeddedetcd.Config{DataDir: o.DataDir, QuotaBytes: o.EtcdQuotaBytes}
	if o.EtcdPeerAddress != "" {
		var err error
		if config.Cluster, err = o.etcdCluster(ctx); err != nil {
			return nil, err
		}
	}
	etcd, err := config.Start(ctx)
	if err != nil {
		return nil, fmt.Errorf("start embedded etcd in %s: %w", o.DataDir, err)
	}
	klog.FromContext(ctx).Info("Embedded etcd is ready", "dataDir", o.DataDir)
	o.etcd = etcd
	o.Recommended.Etcd.StorageConfig.Transport.ServerList = []string{embeddedetcd.Endpoint(o.DataDir)}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		<-etcd.Done()
		cancel(errEtcdStopped)
	}()
	return ctx, nil
}

func (o *Options) etcdCluster(ctx context.Context) (*embeddedetcd.Cluster, error) {
	name, err := o.etcdMember()
	if err != nil {
		return nil, err
	}
	cluster := &embeddedetcd.Cluster{Member: name, Address: o.EtcdPeerAddress}
	host, err := cluster.PeerHost()
	if err != nil {
		return nil, fmt.Errorf("--etcd-member: %w", err)
	}
	id, err := o.loadIdentity(ctx)
	if err != nil {
		return nil, err
	}
	if cluster.Credentials, err = id.manager.Member(name, host, filepath.Join(o.DataDir, memberCertificates)); err != nil {
		return nil, err
	}
	cluster.Host = replicas.New(id.clients.Kubernetes, o.Namespace, cluster.Set())
	return cluster, nil
}

// etcdMember returns the name of the member: that of the pod, unless it is given.
func (o *Options) etcdMember() (string, error) {
	if o.EtcdMember != "" {
		return o.EtcdMember, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("--etcd-member: it is not given, and the host name cannot be read: %w", err)
	}
	return name, nil
}

func (o *Options) validateMember() error {
	if o.EtcdPeerAddress == "" {
		return nil
	}
	name, err := o.etcdMember()
	if err != nil {
		return err
	}
	if err := (&embeddedetcd.Cluster{Member: name, Address: o.EtcdPeerAddress}).Validate(); err != nil {
		return fmt.Errorf("--etcd-peer-address, --etcd-member: %w", err)
	}
	return nil
}

// watchEtcd has the server not be ready while its etcd member cannot serve, so that requests go to other replicas, and
// tells administrators of it.
func (o *Options) watchEtcd(generic *genericapiserver.RecommendedConfig, host kubernetes.Interface) error {
	if o.etcd == nil {
		return nil
	}
	generic.AddReadyzChecks(o.etcd)
	if o.etcd.Members() > 1 && o.ShutdownDelay == 0 {
		generic.ShutdownDelayDuration = replicaShutdownDelay
	}
	return o.tellOf(generic, host, "EtcdMember", o.etcd.Check)
}
