// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/client-go/kubernetes"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"

	"github.com/virtplane/virtplane/apis/version"
	"github.com/virtplane/virtplane/apiserver/certificates"
	"github.com/virtplane/virtplane/apiserver/nodes"
	"github.com/virtplane/virtplane/client/openapi"
)

// longRunning tells which requests stay open: watches and the streams of guests. The server's request
// timeout would cut them.
var longRunning = genericfilters.BasicLongRunningRequestCheck(
	sets.NewString("watch", "proxy"),
	sets.NewString("console", "log", "vnc", "portforward", "usbredir", "vsock", "proxy"),
)

// watchDrain is how long a stopping server takes to end its watches one after another. Without it an
// open watch would hold up the exit for a whole request timeout.
const watchDrain = 3 * time.Second

// Config is what a Server is made from.
type Config struct {
	Generic      *genericapiserver.RecommendedConfig
	Certificates *certificates.Manager
	Nodes        *nodes.Directory
	Namespace    string

	host hostCluster
}

// Config reaches the host cluster, issues the certificates and makes the configuration.
func (o *Options) Config(ctx context.Context) (*Config, error) {
	id, err := o.loadIdentity(ctx)
	if err != nil {
		return nil, err
	}
	clients, manager := id.clients, id.manager
	o.Recommended.SecureServing.ServerCert.GeneratedCert = manager.Serving()

	generic := genericapiserver.NewRecommendedConfig(Codecs)
	namer := openapinamer.NewDefinitionNamer(Scheme)
	generic.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	generic.OpenAPIConfig.Info.Title = "virtplane"
	generic.OpenAPIConfig.Info.Version = version.Get().GitVersion
	generic.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	generic.OpenAPIV3Config.Info = generic.OpenAPIConfig.Info
	generic.LongRunningFunc = longRunning
	generic.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()
	host, err := o.applyTo(ctx, generic, clients.Kubernetes)
	if err != nil {
		return nil, err
	}
	if err := o.keepSpace(generic, clients.Kubernetes); err != nil {
		return nil, err
	}
	serveVerbs(generic)
	guardQuantities(generic)
	bearProbes(generic)
	generic.ShutdownWatchTerminationGracePeriod = watchDrain
	generic.ShutdownDelayDuration = o.ShutdownDelay
	if err := o.watchEtcd(generic, clients.Kubernetes); err != nil {
		return nil, err
	}
	if err := o.watchCertificates(generic, manager, clients.Kubernetes); err != nil {
		return nil, err
	}
	// Until its last request is answered a stopping server sends others to where the next one will be,
	// instead of refusing connections.
	generic.ShutdownSendRetryAfter = true
	return &Config{
		host:         host,
		Generic:      generic,
		Certificates: manager,
		Nodes:        nodes.NewDirectory(clients.Kubernetes, o.Namespace, manager.NodeTLSConfig),
		Namespace:    o.Namespace,
	}, nil
}

// clients reaches the host cluster by the same kubeconfig as delegated authentication.
func (o *Options) clients() (certificates.Clients, error) {
	config, err := hostConfig(o.Recommended.CoreAPI.CoreAPIKubeconfigPath)
	if err != nil {
		return certificates.Clients{}, fmt.Errorf("configure client of the host cluster: %w", err)
	}
	core, err := kubernetes.NewForConfig(config)
	if err != nil {
		return certificates.Clients{}, fmt.Errorf("make client of the host cluster: %w", err)
	}
	services, err := aggregator.NewForConfig(config)
	if err != nil {
		return certificates.Clients{}, fmt.Errorf("make client of APIServices: %w", err)
	}
	return certificates.Clients{Kubernetes: core, Aggregator: services}, nil
}
