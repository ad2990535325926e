// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package integration tests virt-apiserver as its clients see it: the real server with its embedded
// etcd, behind a real kube-apiserver that authenticates, authorizes and aggregates.
package integration

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// childEnv makes the test binary a virt-apiserver, for the tests that kill one.
const childEnv = "VIRTPLANE_TEST_RUN_APISERVER"

// cluster is what all tests share; each works in a namespace of its own.
var cluster struct {
	*host
	server *server
	// direct reaches virt-apiserver itself as an administrator.
	direct *rest.Config
	client clientset.Interface
}

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(runChild())
	}
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// Socket paths must be short, which the directories of single tests are not.
	dir, err := os.MkdirTemp("", "virtplane-api-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := logTo(dir + "/virt-apiserver.log"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	begin := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := setUp(ctx, dir); err != nil {
		fmt.Fprintf(os.Stderr, "set up API tests: %v\n", err)
		return 1
	}
	defer cluster.stop()
	fmt.Printf("kube-apiserver and virt-apiserver are ready after %.1f s\n", time.Since(begin).Seconds())
	code := m.Run()
	cancel()
	if err := <-cluster.server.done; err != nil {
		fmt.Fprintf(os.Stderr, "virt-apiserver ended with an error: %v\n", err)
		return 1
	}
	if code != 0 {
		fmt.Fprintf(os.Stderr, "the end of virt-apiserver's log: %s\n", kubeapiserver.Tail(dir+"/virt-apiserver.log"))
	}
	return code
}

func setUp(ctx context.Context, dir string) error {
	var err error
	if cluster.host, err = startHost(ctx, dir); err != nil {
		return err
	}
	if err := cluster.install(ctx); err != nil {
		return err
	}
	if cluster.server, err = cluster.startServer(ctx, dir+"/data"); err != nil {
		return err
	}
	if err := cluster.route(ctx, cluster.server); err != nil {
		return err
	}
	if cluster.direct, err = cluster.server.login("admin", "system:masters"); err != nil {
		return err
	}
	cluster.client, err = clientset.NewForConfig(cluster.direct)
	return err
}

// logTo sends the server's log to a file: the tests' own output stays readable.
func logTo(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("make log: %w", err)
	}
	klog.LogToStderr(false)
	klog.SetOutput(file)
	return nil
}
