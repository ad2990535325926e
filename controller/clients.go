// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/virtplane/virtplane/client/clientset/versioned"
)

// clients are the ways to the API server. Leader election has one of its own, so that a burst of
// work does not delay the renewal of the lease.
type clients struct {
	kube      kubernetes.Interface
	virtplane versioned.Interface
	lease     kubernetes.Interface
}

func newClients(o *Options) (*clients, error) {
	config, err := restConfig(o.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = o.QPS, o.Burst
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config = rest.AddUserAgent(config, "virt-controller")
	c := &clients{}
	if c.kube, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	if c.virtplane, err = versioned.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	lease := rest.CopyConfig(config)
	lease.Timeout = renewDeadline / 2
	if c.lease, err = kubernetes.NewForConfig(lease); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return c, nil
}

func restConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("find the cluster of this pod: %w; name one with --kubeconfig", err)
		}
		return config, nil
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	return config, nil
}
