// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/test/controlplane"
)

// profileLength is how much of a step a profile covers, counted from its begin.
const profileLength = 5 * time.Second

// profile begins to take CPU profiles of the servers in the last round, if they were asked for. The
// returned function waits for them.
func (b *bench) profile(ctx context.Context, c *column, step string) func() error {
	if b.profiles == "" || !b.last {
		return func() error { return nil }
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range c.servers {
		config := b.login(p)
		if config == nil {
			continue
		}
		path := filepath.Join(b.profiles, strings.NewReplacer(", ", "-", " ", "-").Replace(fmt.Sprintf("%s-%s-%s.pprof", c.name, step, p.Name)))
		group.Go(func() error { return takeProfile(ctx, config, p, path) })
	}
	return group.Wait
}

// login returns how to reach a server itself; nil for etcd, which serves nothing but its API.
func (b *bench) login(p *controlplane.Process) *rest.Config {
	switch p {
	case b.cp.Etcd:
		return nil
	case b.cp.VirtAPIServer:
		// Directly: kube-apiserver forwards no such path.
		config := rest.CopyConfig(b.cp.Admin)
		config.Host = "https://127.0.0.1:" + strconv.Itoa(p.Port)
		config.CAData, config.Insecure = nil, true
		return config
	}
	return b.cp.Admin
}

func takeProfile(ctx context.Context, config *rest.Config, p *controlplane.Process, path string) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fail("make client", err)
	}
	data, err := client.CoreV1().RESTClient().Get().AbsPath("/debug/pprof/profile").
		Param("seconds", strconv.Itoa(int(profileLength.Seconds()))).Do(ctx).Raw()
	if err != nil {
		return fail("take profile of "+p.Name, err)
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644))
}
