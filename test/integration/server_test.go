// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/apiserver"
	"github.com/virtplane/virtplane/apiserver/commands"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// serverStartTimeout is ten times what a start takes on two busy cores.
const serverStartTimeout = 60 * time.Second

// server is a virt-apiserver, in this process or in one of its own.
type server struct {
	host     *host
	listener net.Listener
	dataDir  string
	// ca signs the serving certificate.
	ca []byte
	// done yields how the server ended.
	done chan error
	// process is nil for a server in this process.
	process *exec.Cmd
	// flags are those of a process besides the usual ones.
	flags []string
}

// options are those that any installation has, with the addresses of the test.
func (h *host) options(dataDir string) (*apiserver.Options, error) {
	kubeconfig := h.file("virt-apiserver.kubeconfig")
	return parse([]string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--data-dir=" + dataDir, "--namespace=" + systemNamespace,
	})
}

func parse(args []string) (*apiserver.Options, error) {
	o := apiserver.NewOptions()
	flags := pflag.NewFlagSet("virt-apiserver", pflag.ContinueOnError)
	o.AddFlags(flags)
	return o, flags.Parse(args)
}

var errNotReady = errors.New("not ready")

// startServer runs a virt-apiserver in this process until ctx ends and returns when it is ready.
func (h *host) startServer(ctx context.Context, dataDir string) (*server, error) {
	s, err := h.newServer(dataDir)
	if err != nil {
		return nil, err
	}
	o, err := h.options(dataDir)
	if err != nil {
		return nil, err
	}
	o.Recommended.SecureServing.Listener = s.listener
	go func() { s.done <- o.Run(ctx) }()
	return s, s.wait(ctx)
}

func (h *host) newServer(dataDir string) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &server{host: h, listener: listener, dataDir: dataDir, done: make(chan error, 1)}, nil
}

// startProcess runs the server in a process of its own, which kill ends, and returns when it is ready.
func (s *server) startProcess(ctx context.Context, log string) error {
	if err := s.spawn(log); err != nil {
		return err
	}
	return s.wait(ctx)
}

// spawn begins to run the server in a process of its own. The listener stays here, so that the
// address survives the process.
func (s *server) spawn(log string) error {
	file, err := s.listener.(*net.TCPListener).File()
	if err != nil {
		return fmt.Errorf("share listener: %w", err)
	}
	defer file.Close()
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer out.Close()
	kubeconfig := s.host.file("virt-apiserver.kubeconfig")
	s.process = exec.Command(os.Args[0], append([]string{
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--data-dir=" + s.dataDir, "--namespace=" + systemNamespace,
	}, s.flags...)...)
	s.process.Env = append(os.Environ(), childEnv+"=1")
	s.process.ExtraFiles = []*os.File{file}
	s.process.Stdout, s.process.Stderr = out, out
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		return fmt.Errorf("start virt-apiserver: %w", err)
	}
	process := s.process
	go func() { s.done <- process.Wait() }()
	return nil
}

// terminate asks the process to end and returns how it did, once it is gone.
func (s *server) terminate() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("terminate virt-apiserver: %w", err)
	}
	return <-s.done
}

// kill ends the process as a crash does and waits until it is gone.
func (s *server) kill() error {
	if err := s.process.Process.Kill(); err != nil {
		return fmt.Errorf("kill virt-apiserver: %w", err)
	}
	<-s.done
	return nil
}

// runChild is the whole program of a child process: cmd/virt-apiserver with a listener that was handed over.
func runChild() int {
	o, err := parse(os.Args[1:])
	// The descriptor outlives a restart of the program in the same process.
	handed := os.NewFile(3, "listener")
	defer handed.Close()
	if err == nil {
		o.Recommended.SecureServing.Listener, err = net.FileListener(handed)
	}
	if err == nil {
		err = o.Run(genericapiserver.SetupSignalContext())
	}
	if errors.Is(err, apiserver.ErrRestart) {
		err = commands.Restart()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (s *server) url() string { return "https://" + s.listener.Addr().String() }

// wait returns when the server is ready.
func (s *server) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, serverStartTimeout)
	defer cancel()
	for {
		err := s.probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case end := <-s.done:
			return fmt.Errorf("virt-apiserver ended: %w: %s", end, kubeapiserver.Tail(s.host.file("virt-apiserver.log")))
		case <-ctx.Done():
			return fmt.Errorf("wait for virt-apiserver: %w: %s", err, kubeapiserver.Tail(s.host.file("virt-apiserver.log")))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *server) probe(ctx context.Context) error {
	if s.ca == nil {
		// The server publishes its CA, as the manifests promise to the other components.
		bundle, err := s.host.core.CoreV1().ConfigMaps(systemNamespace).Get(ctx, "virtplane-ca-bundle", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return errNotReady
		}
		if err != nil {
			return err
		}
		s.ca = []byte(bundle.Data["ca.crt"])
	}
	stranger := &rest.Config{Host: s.url(), TLSClientConfig: rest.TLSClientConfig{CAData: s.ca}, Timeout: 5 * time.Second}
	if a, err := send(ctx, stranger, http.MethodGet, "/readyz", "", nil); err != nil || a.code != http.StatusOK {
		return fmt.Errorf("%w: %d %s %v", errNotReady, a.code, a.body, err)
	}
	// The CA of client certificates is loaded in its own time. Only tests need it: others come through kube-apiserver.
	admin, err := s.login("admin", "system:masters")
	if err != nil {
		return err
	}
	if a, err := send(ctx, admin, http.MethodGet, "/version", "", nil); err != nil || a.code != http.StatusOK {
		return fmt.Errorf("%w: %d %s %v", errNotReady, a.code, a.body, err)
	}
	return nil
}

// login returns how a user reaches the server directly, with a certificate of the host's CA.
func (s *server) login(name string, groups ...string) (*rest.Config, error) {
	login, err := s.host.ca.Client(name, groups...)
	if err != nil {
		return nil, err
	}
	return &rest.Config{Host: s.url(), QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: s.ca, CertData: login.Cert, KeyData: login.Key}}, nil
}
