// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package commands holds what virt-apiserver does besides serving: back up, verify, restore, defragment.
package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/client/pkg/v3/logutil"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/virtplane/virtplane/apiserver"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

// dialTimeout is a hundred times what an etcd that runs takes to answer.
const dialTimeout = 10 * time.Second

// All returns every command besides the server itself.
func All() []*cobra.Command {
	return []*cobra.Command{newBackup(), newVerify(), newRestore(), newDefragment()}
}

// etcd tells by the flags of the server which etcd it uses.
type etcd struct {
	dataDir, prefix           string
	servers                   []string
	caFile, certFile, keyFile string
}

func newEtcd() *etcd {
	defaults := apiserver.NewOptions()
	return &etcd{dataDir: defaults.DataDir, prefix: defaults.Recommended.Etcd.StorageConfig.Prefix}
}

func (e *etcd) addDataDir(fs *pflag.FlagSet) {
	fs.StringVar(&e.dataDir, "data-dir", e.dataDir, "Directory of the embedded etcd, as given to the server.")
}

// addServers adds the flags by which an external etcd is reached.
func (e *etcd) addServers(fs *pflag.FlagSet) {
	fs.StringSliceVar(&e.servers, "etcd-servers", nil, "An external etcd server, instead of the embedded one.")
	fs.StringVar(&e.caFile, "etcd-cafile", "", "File with the CA of the external etcd.")
	fs.StringVar(&e.certFile, "etcd-certfile", "", "File with the client certificate for the external etcd.")
	fs.StringVar(&e.keyFile, "etcd-keyfile", "", "File with the key of the client certificate.")
	fs.StringVar(&e.prefix, "etcd-prefix", e.prefix, "Where the objects are in etcd.")
}

// connect reaches one member and returns when it has answered.
func (e *etcd) connect(ctx context.Context) (*clientv3.Client, error) {
	endpoints := e.servers
	if len(endpoints) == 0 {
		endpoints = []string{embeddedetcd.Endpoint(e.dataDir)}
		socket := strings.TrimPrefix(endpoints[0], "unix://")
		if _, err := os.Stat(socket); err != nil {
			return nil, fmt.Errorf("no virt-apiserver with an embedded etcd runs on %s (%w): run this where it does, or name an external etcd with --etcd-servers", filepath.Dir(socket), err)
		}
	}
	// A snapshot comes from one member; any has all objects.
	config := clientv3.Config{Endpoints: endpoints[:1], DialTimeout: dialTimeout, Context: ctx}
	var err error
	if config.Logger, err = logutil.CreateDefaultZapLogger(zap.WarnLevel); err != nil {
		return nil, fmt.Errorf("make logger: %w", err)
	}
	if e.caFile != "" || e.certFile != "" || e.keyFile != "" {
		info := transport.TLSInfo{TrustedCAFile: e.caFile, CertFile: e.certFile, KeyFile: e.keyFile}
		if config.TLS, err = info.ClientConfig(); err != nil {
			return nil, fmt.Errorf("load certificates for etcd: %w", err)
		}
	}
	client, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("connect to etcd: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if _, err := client.Get(ctx, e.prefix, clientv3.WithCountOnly()); err != nil {
		return nil, errors.Join(fmt.Errorf("etcd at %s does not answer: %w", endpoints[0], err), client.Close())
	}
	return client, nil
}
