// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package nodes finds the node plugins and reaches them.
package nodes

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	// pluginSelector finds the pods of the node plugins.
	pluginSelector = "app.kubernetes.io/name=virt-nodeplugin"
	// pluginPort is where plugins serve streams, on their pod's address.
	pluginPort = 8186
	// dialTimeout and keepAlive bound how long a node that is gone is waited for.
	dialTimeout = 5 * time.Second
	keepAlive   = 15 * time.Second

	byNode = "node"
)

// Directory knows the plugin of each node.
type Directory struct {
	factory informers.SharedInformerFactory
	pods    cache.SharedIndexInformer
	config  func(node string) *tls.Config

	// mu guards transports.
	mu         sync.Mutex
	transports map[string]*http.Transport
}

// NewDirectory watches the plugins in namespace; config trusts the plugin of one node alone.
func NewDirectory(client kubernetes.Interface, namespace string, config func(node string) *tls.Config) *Directory {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0,
		informers.WithNamespace(namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = pluginSelector }))
	pods := factory.Core().V1().Pods().Informer()
	// The only error is an informer that was started already.
	_ = pods.AddIndexers(cache.Indexers{byNode: func(obj any) ([]string, error) {
		return []string{obj.(*corev1.Pod).Spec.NodeName}, nil
	}})
	return &Directory{factory: factory, pods: pods, config: config, transports: map[string]*http.Transport{}}
}

// Run watches until ctx ends.
func (d *Directory) Run(ctx context.Context) {
	d.factory.Start(ctx.Done())
	<-ctx.Done()
	d.factory.Shutdown()
}

// Plugin returns the base URL of a node's plugin and a transport that trusts that plugin alone.
func (d *Directory) Plugin(node string) (*url.URL, http.RoundTripper, error) {
	pods, err := d.pods.GetIndexer().ByIndex(byNode, node)
	if err != nil {
		return nil, nil, fmt.Errorf("look up plugin: %w", err)
	}
	address := ""
	for _, obj := range pods {
		pod := obj.(*corev1.Pod)
		if pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP != "" {
			address = pod.Status.PodIP
		}
	}
	if address == "" {
		return nil, nil, fmt.Errorf("no virt-nodeplugin pod runs on the node")
	}
	base := &url.URL{Scheme: "https", Host: net.JoinHostPort(address, strconv.Itoa(pluginPort))}
	return base, d.transport(node), nil
}

func (d *Directory) transport(node string) *http.Transport {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t := d.transports[node]; t != nil {
		return t
	}
	t := &http.Transport{
		TLSClientConfig: d.config(node),
		DialContext:     (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext,
		// Streams are upgraded connections, which HTTP/2 does not have.
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     time.Minute,
	}
	d.transports[node] = t
	return t
}
