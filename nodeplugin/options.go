// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apis/version"
	"github.com/virtplane/virtplane/device-plugins/devices"
	"github.com/virtplane/virtplane/nodeplugin/console"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	// clientQPS and clientBurst are what a node with a hundred guests needs when all change at once.
	clientQPS   = 50
	clientBurst = 100
	// minConsoleLog is the least that is kept of a run, in bytes: at any time half of it may be gone for new
	// output, and the rest has to hold what a viewer sees at first.
	minConsoleLog = 4 * console.Scrollback
)

// Options are the flags of virt-nodeplugin.
type Options struct {
	NodeName   string
	Namespace  string
	Kubeconfig string
	KubeletDir string
	HostDev    string
	CDIDir     string
	PodIP      string
	StreamPort int
	HealthPort int
	// ConsoleLogs is how much is kept of what guests put out.
	ConsoleLogs console.Limits
}

// NewOptions returns the defaults, taken from the environment where a DaemonSet sets it.
func NewOptions() *Options {
	return &Options{
		NodeName:    os.Getenv("NODE_NAME"),
		Namespace:   os.Getenv("NAMESPACE"),
		KubeletDir:  "/var/lib/kubelet",
		HostDev:     defaultDev(),
		CDIDir:      "/var/run/cdi",
		PodIP:       os.Getenv("POD_IP"),
		StreamPort:  8186,
		HealthPort:  8187,
		ConsoleLogs: console.DefaultLimits,
	}
}

// defaultDev is the host's /dev as the DaemonSet mounts it, or this process's own where there is
// no such mount.
func defaultDev() string {
	const mounted = "/host/dev"
	if info, err := os.Stat(mounted); err == nil && info.IsDir() {
		return mounted
	}
	return "/dev"
}

// AddFlags adds the flags.
func (o *Options) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.NodeName, "node-name", o.NodeName, "Name of this node; $NODE_NAME by default.")
	flags.StringVar(&o.Namespace, "namespace", o.Namespace, "Namespace in which virtplane is installed; $NAMESPACE by default.")
	flags.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "File with the address and credentials of the API server; those of the pod by default.")
	flags.StringVar(&o.KubeletDir, "kubelet-dir", o.KubeletDir, "Directory of the kubelet, at the same path as on the host.")
	flags.StringVar(&o.HostDev, "host-dev", o.HostDev, "Directory where the host's /dev is mounted.")
	flags.StringVar(&o.CDIDir, "cdi-dir", o.CDIDir, "Directory from which the container runtime reads CDI specifications; it must be the runtime's. Empty leaves devices with the owner that they have on the host.")
	flags.StringVar(&o.PodIP, "pod-ip", o.PodIP, "Address on which streams are served; $POD_IP by default.")
	flags.IntVar(&o.StreamPort, "stream-port", o.StreamPort, "Port of the streams.")
	flags.IntVar(&o.HealthPort, "health-port", o.HealthPort, "Port of /healthz, /readyz and /metrics.")
	flags.Int64Var(&o.ConsoleLogs.Run, "console-log-size", o.ConsoleLogs.Run, "Bytes of serial console output that are kept of each run of a guest.")
	flags.Int64Var(&o.ConsoleLogs.Ended, "ended-console-logs-size", o.ConsoleLogs.Ended, "Bytes of serial console output that are kept of all guests that have ended; the oldest goes first.")
	flags.DurationVar(&o.ConsoleLogs.Age, "ended-console-logs-age", o.ConsoleLogs.Age, "How long serial console output of a guest that has ended is kept.")
	logging := flag.NewFlagSet("logging", flag.ContinueOnError)
	klog.InitFlags(logging)
	flags.AddGoFlag(logging.Lookup("v"))
}

// Validate tells all that is wrong with the flags.
func (o *Options) Validate() []error {
	var problems []error
	if o.NodeName == "" {
		problems = append(problems, errors.New("--node-name is required"))
	}
	if o.Namespace == "" {
		problems = append(problems, errors.New("--namespace is required"))
	}
	if _, err := netip.ParseAddr(o.PodIP); err != nil {
		problems = append(problems, fmt.Errorf("--pod-ip: %q is not an address", o.PodIP))
	}
	for _, directory := range []struct{ flag, path string }{
		{"--kubelet-dir", o.KubeletDir}, {"--host-dev", o.HostDev}, {"--cdi-dir", o.CDIDir},
	} {
		if directory.flag == "--cdi-dir" && directory.path == "" {
			continue
		}
		if !filepath.IsAbs(directory.path) {
			problems = append(problems, fmt.Errorf("%s: %q is not an absolute path", directory.flag, directory.path))
		}
	}
	for _, port := range []struct {
		flag   string
		number int
	}{{"--stream-port", o.StreamPort}, {"--health-port", o.HealthPort}} {
		if port.number < 1 || port.number > 65535 {
			problems = append(problems, fmt.Errorf("%s: %d is not between 1 and 65535", port.flag, port.number))
		}
	}
	if o.ConsoleLogs.Run < minConsoleLog {
		problems = append(problems, fmt.Errorf("--console-log-size: %d is less than %d", o.ConsoleLogs.Run, minConsoleLog))
	}
	if o.ConsoleLogs.Ended < 0 {
		problems = append(problems, fmt.Errorf("--ended-console-logs-size: %d is less than 0", o.ConsoleLogs.Ended))
	}
	if o.ConsoleLogs.Age < 0 {
		problems = append(problems, fmt.Errorf("--ended-console-logs-age: %s is less than 0", o.ConsoleLogs.Age))
	}
	return problems
}

// Config is what a node plugin runs with.
type Config struct {
	Node      string
	Namespace string
	Layout    volume.Layout
	Host      devices.Host
	CDIDir    string
	Client    *rest.Config
	Version   string
	Logs      console.Limits
	// StreamAddress and HealthAddress are host and port.
	StreamAddress string
	HealthAddress string
}

// Config returns the configuration that valid options mean.
func (o *Options) Config() (*Config, error) {
	client, err := o.client()
	if err != nil {
		return nil, fmt.Errorf("get API server's address: %w", err)
	}
	client.QPS, client.Burst = clientQPS, clientBurst
	client.UserAgent = "virt-nodeplugin/" + version.Get().GitVersion
	client.ContentType = "application/vnd.kubernetes.protobuf"
	client.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	return &Config{
		Node: o.NodeName, Namespace: o.Namespace, CDIDir: o.CDIDir, Client: client,
		Layout:        volume.Layout{Kubelet: filepath.Clean(o.KubeletDir), Driver: v1.CSIDriverName},
		Host:          devices.Host{Dev: o.HostDev, Proc: "/proc"},
		Version:       version.Get().GitVersion,
		Logs:          o.ConsoleLogs,
		StreamAddress: net.JoinHostPort(o.PodIP, strconv.Itoa(o.StreamPort)),
		HealthAddress: net.JoinHostPort("", strconv.Itoa(o.HealthPort)),
	}, nil
}

// client returns the credentials of the file that was named, or those of the pod.
func (o *Options) client() (*rest.Config, error) {
	if o.Kubeconfig == "" {
		return rest.InClusterConfig()
	}
	return clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
}
