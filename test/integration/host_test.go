// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	// apiserverEnv names the kube-apiserver to run; kubectl is expected beside it.
	apiserverEnv = "VIRTPLANE_KUBE_APISERVER"
	// defaultApiserver is where the local cluster keeps its programs, under the cache directory.
	defaultApiserver = "virtplane/tools/kubernetes-v1.37.2/kube-apiserver"
	// hostStartTimeout is ten times what a start takes on two busy cores.
	hostStartTimeout = 90 * time.Second

	frontProxyName = "front-proxy-client"
)

// host is a kube-apiserver with an etcd of its own: what virt-apiserver needs of a cluster.
type host struct {
	dir        string
	url        string
	ca         *issuer
	frontProxy *issuer
	admin      *rest.Config
	core       kubernetes.Interface

	etcd   *embed.Etcd
	server *exec.Cmd
}

// apiserverBinary finds kube-apiserver, or says how to get it.
func apiserverBinary() (string, error) {
	path := os.Getenv(apiserverEnv)
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find cache directory: %w", err)
		}
		path = filepath.Join(cache, defaultApiserver)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the API tests need a kube-apiserver and there is none: %w; `make test` builds it (bin/cluster build), or set %s", err, apiserverEnv)
	}
	return path, nil
}

// startHost runs a kube-apiserver under dir, with flags besides or instead of the usual ones, and returns when it is ready.
func startHost(ctx context.Context, dir string, flags ...string) (*host, error) {
	binary, err := apiserverBinary()
	if err != nil {
		return nil, err
	}
	h := &host{dir: dir}
	if err := h.issue(); err != nil {
		return nil, err
	}
	if err := h.startEtcd(); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	h.url = "https://" + net.JoinHostPort("127.0.0.1", port)
	log, err := os.Create(h.file("kube-apiserver.log"))
	if err != nil {
		return nil, fmt.Errorf("make log: %w", err)
	}
	defer log.Close()
	usual := slices.DeleteFunc(h.flags(port), func(flag string) bool {
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

// issue makes the certificates and keys of the host.
func (h *host) issue() error {
	var err error
	if h.ca, err = newIssuer("test-ca"); err != nil {
		return err
	}
	if h.frontProxy, err = newIssuer("test-front-proxy-ca"); err != nil {
		return err
	}
	serving, err := h.ca.server()
	if err != nil {
		return err
	}
	proxy, err := h.frontProxy.client(frontProxyName)
	if err != nil {
		return err
	}
	signer, accounts, err := newKey()
	if err != nil {
		return err
	}
	verifier, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return fmt.Errorf("encode public key: %w", err)
	}
	return writeFiles(h.dir, map[string][]byte{
		"ca.crt": h.ca.pem, "front-proxy-ca.crt": h.frontProxy.pem,
		"apiserver.crt": serving.cert, "apiserver.key": serving.key,
		"proxy.crt": proxy.cert, "proxy.key": proxy.key,
		"sa.key": accounts, "sa.pub": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: verifier}),
	})
}

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

func (h *host) flags(port string) []string {
	return []string{
		"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
		"--bind-address=127.0.0.1", "--secure-port=" + port,
		"--etcd-servers=unix://" + h.file("client.sock"),
		"--service-cluster-ip-range=198.51.100.0/24",
		"--tls-cert-file=" + h.file("apiserver.crt"), "--tls-private-key-file=" + h.file("apiserver.key"),
		"--client-ca-file=" + h.file("ca.crt"), "--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + h.file("sa.pub"), "--service-account-signing-key-file=" + h.file("sa.key"),
		"--requestheader-client-ca-file=" + h.file("front-proxy-ca.crt"), "--requestheader-allowed-names=" + frontProxyName,
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-uid-headers=X-Remote-Uid", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + h.file("proxy.crt"), "--proxy-client-key-file=" + h.file("proxy.key"),
	}
}

// connect waits until the host serves its roles, which the delegated checks of virt-apiserver need.
func (h *host) connect(ctx context.Context) error {
	login, err := h.ca.client("admin", "system:masters")
	if err != nil {
		return err
	}
	h.admin = &rest.Config{Host: h.url, QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: h.ca.pem, CertData: login.cert, KeyData: login.key}}
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
			return fmt.Errorf("kube-apiserver ended: %w: %s", end, tail(h.file("kube-apiserver.log")))
		case <-ctx.Done():
			return fmt.Errorf("wait for kube-apiserver: %w: %s", err, tail(h.file("kube-apiserver.log")))
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

// freePort returns a port of the loopback address that nothing listens to.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find free port: %w", err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// tail returns the end of a log.
func tail(path string) string {
	const lines = 30
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(content)), "\n")
	return "\n" + strings.Join(all[max(0, len(all)-lines):], "\n")
}
