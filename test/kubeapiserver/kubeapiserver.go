// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package kubeapiserver is how tests and benchmarks set up a kube-apiserver without nodes on the loopback
// address: its program, keys and flags.
package kubeapiserver

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// programEnv names the kube-apiserver to run; kubectl is expected beside it.
	programEnv = "VIRTPLANE_KUBE_APISERVER"
	// defaultProgram is where the local cluster keeps its programs, under the cache directory.
	defaultProgram = "virtplane/tools/kubernetes-v1.37.2/kube-apiserver"
	// FrontProxyName is who kube-apiserver is to aggregated servers.
	FrontProxyName = "front-proxy-client"
)

// Program finds kube-apiserver, or says how to get it.
func Program() (string, error) {
	path := os.Getenv(programEnv)
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find cache directory: %w", err)
		}
		path = filepath.Join(cache, defaultProgram)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("find kube-apiserver: %w; `make build && bin/cluster tools` builds it, or set %s", err, programEnv)
	}
	return path, nil
}

// Flags are those of a kube-apiserver that serves on port with the files of WritePKI in dir.
func Flags(dir, port, etcd string) []string {
	file := func(name string) string { return filepath.Join(dir, name) }
	return []string{
		// Nothing is reached by this address: there are no pods.
		"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
		"--bind-address=127.0.0.1", "--secure-port=" + port,
		"--etcd-servers=" + etcd,
		"--service-cluster-ip-range=198.51.100.0/24",
		"--tls-cert-file=" + file("apiserver.crt"), "--tls-private-key-file=" + file("apiserver.key"),
		"--client-ca-file=" + file("ca.crt"), "--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + file("sa.pub"), "--service-account-signing-key-file=" + file("sa.key"),
		"--requestheader-client-ca-file=" + file("front-proxy-ca.crt"), "--requestheader-allowed-names=" + FrontProxyName,
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-uid-headers=X-Remote-Uid", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + file("proxy.crt"), "--proxy-client-key-file=" + file("proxy.key"),
	}
}

// FreePort returns a port of the loopback address that nothing listens to.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find free port: %w", err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// Tail returns the end of a log.
func Tail(path string) string {
	const lines = 30
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(content)), "\n")
	return "\n" + strings.Join(all[max(0, len(all)-lines):], "\n")
}
