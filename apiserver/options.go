// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericoptions "k8s.io/apiserver/pkg/server/options"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apiserver/backup"
	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

// etcdPrefix is where the objects live in etcd, which may be shared with others.
const etcdPrefix = "/registry/virtplane.io"

// maxSocketPath is the longest path of a unix socket that Linux takes, in bytes.
const maxSocketPath = 107

// minQuotaBytes is a database with some hundred objects and their history of a few minutes.
const minQuotaBytes = 16 << 20

// Options are the flags of virt-apiserver.
type Options struct {
	Recommended *genericoptions.RecommendedOptions
	// DataDir holds the embedded etcd; unused with external etcd servers.
	DataDir string
	// EtcdQuotaBytes is how large the database of the embedded etcd may become.
	EtcdQuotaBytes int64
	// Backups is the schedule by which the objects of the embedded etcd are saved.
	Backups backup.Schedule
	// Namespace is where virtplane is installed.
	Namespace string
	// ServiceName is the Service through which the aggregator reaches this server.
	ServiceName string
	// ShutdownDelay is how long a stopping server goes on serving while others learn not to send it requests.
	ShutdownDelay time.Duration
	// EtcdPeerAddress is where the members of the embedded etcd reach each other; empty for one that is alone.
	EtcdPeerAddress string
	// EtcdMember is the name of the embedded member; empty for the name of the host.
	EtcdMember string

	identity *identity
	etcd     *embeddedetcd.Etcd
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	o := &Options{
		Recommended:    genericoptions.NewRecommendedOptions(etcdPrefix, storageCodec()),
		DataDir:        "/var/lib/virtplane",
		EtcdQuotaBytes: embeddedetcd.DefaultQuotaBytes,
		Backups:        defaultSchedule,
		Namespace:      "virtplane-system",
		ServiceName:    "virt-apiserver",
	}
	o.Recommended.Etcd.StorageConfig.EncodeVersioner =
		runtime.NewMultiGroupVersioner(v1.SchemeGroupVersion, schema.GroupKind{Group: v1.GroupName})
	o.Recommended.SecureServing.BindPort = 8443
	return o
}

// AddFlags adds the flags, most of them those of any Kubernetes API server.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	o.Recommended.AddFlags(fs)
	fs.StringVar(&o.DataDir, "data-dir", o.DataDir, "Directory of the embedded etcd, on a persistent volume. Unused with --etcd-servers.")
	fs.Int64Var(&o.EtcdQuotaBytes, "etcd-quota-backend-bytes", o.EtcdQuotaBytes, "How large the database of the embedded etcd may become. "+
		"New objects are refused when nine tenths are in use. Unused with --etcd-servers, whose quota is theirs.")
	o.addBackupFlags(fs)
	fs.StringVar(&o.Namespace, "namespace", o.Namespace, "Namespace in which virtplane is installed.")
	fs.StringVar(&o.ServiceName, "service-name", o.ServiceName, "Service through which kube-apiserver reaches this server.")
	fs.DurationVar(&o.ShutdownDelay, "shutdown-delay-duration", o.ShutdownDelay, "How long a stopping server, which is not ready any more, goes on serving, "+
		"so that kube-apiserver turns to other replicas first. A few seconds with several replicas; a single one only comes back later by it.")
	fs.StringVar(&o.EtcdPeerAddress, "etcd-peer-address", o.EtcdPeerAddress, "host:port at which the embedded etcd members of several replicas reach each other, with "+
		embeddedetcd.OrdinalPlaceholder+" where the number of the replica stands. The stateful set says how many there are. Empty for a member that is alone; unused with --etcd-servers.")
	fs.StringVar(&o.EtcdMember, "etcd-member", o.EtcdMember, "Name of the embedded etcd member, which is that of its pod in the stateful set. The host name by default.")
}

// Validate returns every problem of the flags.
func (o *Options) Validate() []error {
	errs := o.validateBackups()
	if o.embedded() {
		if !filepath.IsAbs(o.DataDir) {
			errs = append(errs, fmt.Errorf("--data-dir: %q must be an absolute path, or name external servers with --etcd-servers", o.DataDir))
		}
		if n := len(strings.TrimPrefix(embeddedetcd.Endpoint(o.DataDir), "unix://")); n > maxSocketPath {
			errs = append(errs, fmt.Errorf("--data-dir: %q is %d characters too long for the path of a socket in it", o.DataDir, n-maxSocketPath))
		}
		if o.EtcdQuotaBytes < minQuotaBytes {
			errs = append(errs, fmt.Errorf("--etcd-quota-backend-bytes: %d must be at least %d", o.EtcdQuotaBytes, minQuotaBytes))
		}
		// The address of the embedded server is only known to Config; the library insists on one.
		o.Recommended.Etcd.StorageConfig.Transport.ServerList = []string{embeddedetcd.Endpoint(o.DataDir)}
		defer func() { o.Recommended.Etcd.StorageConfig.Transport.ServerList = nil }()
		if err := o.validateMember(); err != nil {
			errs = append(errs, err)
		}
	}
	if o.Namespace == "" {
		errs = append(errs, errors.New("--namespace: must be set"))
	}
	if o.ServiceName == "" {
		errs = append(errs, errors.New("--service-name: must be set"))
	}
	if o.ShutdownDelay < 0 {
		errs = append(errs, fmt.Errorf("--shutdown-delay-duration: %s must not be negative", o.ShutdownDelay))
	}
	if headers := o.Recommended.Authentication.RequestHeader; headers.ClientCAFile != "" && len(headers.AllowedNames) == 0 {
		errs = append(errs, errors.New("--requestheader-allowed-names: must be set with --requestheader-client-ca-file to the common name of the front proxy's certificate, "+
			"or every certificate of that CA could speak for any user"))
	}
	if ip := o.Recommended.SecureServing.BindAddress; ip == nil {
		o.Recommended.SecureServing.BindAddress = net.IPv4zero
	}
	return append(errs, o.Recommended.Validate()...)
}

// embedded tells that no external etcd was named.
func (o *Options) embedded() bool {
	return len(o.Recommended.Etcd.StorageConfig.Transport.ServerList) == 0
}
