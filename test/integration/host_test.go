// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// hostStartTimeout is ten times what a start takes on two busy cores.
const hostStartTimeout = 90 * time.Second

// host is a kube-apiserver with an etcd of its own: what virt-apiserver needs of a cluster.
type host struct {
	dir        string
	url        string
	ca         *kubeapiserver.Issuer
	frontProxy *kubeapiserver.Issuer
	admin      *rest.Config
	core       kubernetes.Interface

	etcd   *embed.Etcd
	server *exec.Cmd
}

// startHost runs a kube-apiserver under dir, with flags besides or instead of the usual ones, and returns when it is ready.
func startHost(ctx context.Context, dir string, flags ...string) (*host, error) {
	binary, err := kubeapiserver.Program()
	if err != nil {
		return nil, err
	}
	pki, err := kubeapiserver.WritePKI(dir)
	if err != nil {
		return nil, err
	}
	h := &host{dir: dir, ca: pki.CA, frontProxy: pki.FrontProxy}
	if err := h.startEtcd(); err != nil {
		return nil, err
	}
	port, err := kubeapiserver.FreePort()
	if err != nil {
		return nil, err
	}
	h.url = "https://" + net.JoinHostPort("127.0.0.1", port)
	log, err := os.Create(h.file("kube-apiserver.log"))
	if err != nil {
		return nil, fmt.Errorf("make log: %w", err)
	}
	defer log.Close()
	usual := slices.DeleteFunc(kubeapiserver.Flags(dir, port, "unix://"+h.file("client.sock")), func(flag string) bool {
		name, _, _ := strings.Cut(flag, "=")
		return slices.ContainsFunc(flags, func(other string) bool { return strings.HasPrefix(other, name+"=") })
	})
	h.server = exec.Command(binary, append(usual, flags...)...)
	h.server.Stdout, h.server.Stderr = log, log
	// A test binary that is killed takes its servers with it.
	h.server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := h.server.Start(); err != nil {
		return nil, fmt.Errorf("start kube-apiserver: %w", err)
	}
	return h, h.connect(ctx)
}

func (h *host) file(name string) string { return filepath.Join(h.dir, name) }

func (h *host) startEtcd() error {
	socket := func(name string) []url.URL { return []url.URL{{Scheme: "unix", Path: h.file(name)}} }
	c := embed.NewConfig()
	c.Name, c.Dir = "host", h.file("etcd")
	c.ListenClientUrls, c.AdvertiseClientUrls = socket("client.sock"), socket("client.sock")
	c.ListenPeerUrls, c.AdvertisePeerUrls = socket("peer.sock"), socket("peer.sock")
	c.InitialCluster = "host=" + c.AdvertisePeerUrls[0].String()
	c.UnsafeNoFsync = true // nobody looks at this cluster's data again
	c.LogLevel, c.LogOutputs = "error", []string{h.file("etcd.log")}
	var err error
	if h.etcd, err = embed.StartEtcd(c); err != nil {
		return fmt.Errorf("start etcd of the host: %w", err)
	}
	return nil
}

// connect waits until the host serves its roles, which the delegated checks of virt-apiserver need.
func (h *host) connect(ctx context.Context) error {
	login, err := h.ca.Client("admin", "system:masters")
	if err != nil {
		return err
	}
	h.admin = &rest.Config{Host: h.url, QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: h.ca.PEM, CertData: login.Cert, KeyData: login.Key}}
	if h.core, err = kubernetes.NewForConfig(h.admin); err != nil {
		return fmt.Errorf("make client of the host: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- h.server.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, hostStartTimeout)
	defer cancel()
	for {
		err := h.core.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		if err == nil {
			return nil
		}
		select {
		case end := <-exited:
			return fmt.Errorf("kube-apiserver ended: %w: %s", end, kubeapiserver.Tail(h.file("kube-apiserver.log")))
		case <-ctx.Done():
			return fmt.Errorf("wait for kube-apiserver: %w: %s", err, kubeapiserver.Tail(h.file("kube-apiserver.log")))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the host.
func (h *host) stop() {
	if h.server != nil && h.server.Process != nil {
		// Nothing is kept, so there is nothing to drain.
		_ = h.server.Process.Kill()
	}
	if h.etcd != nil {
		h.etcd.Close()
	}
}
