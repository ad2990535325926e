// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/controlplane"
)

const (
	jsonType     = runtime.ContentTypeJSON
	protobufType = runtime.ContentTypeProtobuf
)

// column is one way to store and serve the objects, with what was measured of it.
type column struct {
	name string
	// config reaches the API in the column's encoding.
	config   *rest.Config
	resource string
	// status is the subresource that takes status patches; empty for kinds without one.
	status string
	object func(name string) runtime.Object
	list   func() runtime.Object
	patch  func(n int) []byte
	// endpoint and prefix are where etcd holds the objects.
	endpoint, prefix string
	// servers are all processes that the requests keep busy.
	servers []*controlplane.Process

	values map[string]series
}

func (c *column) add(what string, v ...float64) { c.values[what] = append(c.values[what], v...) }

// newColumns returns the columns in the order in which they are printed; login is who sends the requests.
func newColumns(cp *controlplane.ControlPlane, login *rest.Config) []*column {
	ours, custom := v1.SchemeGroupVersion, schema.GroupVersion{Group: customGroup, Version: v1.SchemeGroupVersion.Version}
	machines := func(name, encoding string, gv schema.GroupVersion) *column {
		c := &column{
			name: name, config: clientConfig(login, gv, encoding, machineTypes(gv)), resource: "virtualmachines", status: "status",
			object: func(name string) runtime.Object { return machine(name) },
			list:   func() runtime.Object { return &v1.VirtualMachineList{} },
			patch:  statusPatch,
		}
		if gv == ours {
			c.endpoint, c.prefix = cp.VirtEtcd(), "/registry/virtplane.io/"+gv.Group+"/virtualmachines/"
			c.servers = []*controlplane.Process{cp.KubeAPIServer, cp.Etcd, cp.VirtAPIServer}
		} else {
			c.endpoint, c.prefix = cp.HostEtcd(), "/registry/"+gv.Group+"/virtualmachines/"
			c.servers = []*controlplane.Process{cp.KubeAPIServer, cp.Etcd}
		}
		return c
	}
	maps := func(name, encoding string) *column {
		gv := corev1.SchemeGroupVersion
		return &column{
			name: name, config: clientConfig(login, gv, encoding, corev1.AddToScheme), resource: "configmaps",
			object:   func(name string) runtime.Object { return configMap(name) },
			list:     func() runtime.Object { return &corev1.ConfigMapList{} },
			patch:    dataPatch,
			endpoint: cp.HostEtcd(), prefix: "/registry/configmaps/",
			servers: []*controlplane.Process{cp.KubeAPIServer, cp.Etcd},
		}
	}
	columns := []*column{
		machines("virtplane, protobuf", protobufType, ours),
		machines("virtplane, JSON", jsonType, ours),
		machines("CRD, JSON", jsonType, custom),
		maps("ConfigMaps, protobuf", protobufType),
		maps("ConfigMaps, JSON", jsonType),
	}
	for _, c := range columns {
		c.values = map[string]series{}
	}
	return columns
}

// machineTypes registers the one set of types under a group, so that all decode alike.
func machineTypes(gv schema.GroupVersion) func(*runtime.Scheme) error {
	return func(s *runtime.Scheme) error {
		s.AddKnownTypes(gv, &v1.VirtualMachine{}, &v1.VirtualMachineList{})
		metav1.AddToGroupVersion(s, gv)
		return nil
	}
}

func clientConfig(login *rest.Config, gv schema.GroupVersion, encoding string, addTypes func(*runtime.Scheme) error) *rest.Config {
	scheme := runtime.NewScheme()
	utilruntime.Must(addTypes(scheme))
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	config := rest.CopyConfig(login)
	config.GroupVersion = &gv
	config.APIPath = "/apis"
	if gv.Group == "" {
		config.APIPath = "/api"
	}
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.ContentType, config.AcceptContentTypes = encoding, encoding
	config.UserAgent = "bench"
	return config
}

// clients returns n clients, each with a connection of its own as separate programs have.
func (c *column) clients(n int) ([]*rest.RESTClient, error) {
	var all []*rest.RESTClient
	for range n {
		config := rest.CopyConfig(c.config)
		// Clients with a dialer of their own do not share connections.
		config.Dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
		client, err := rest.RESTClientFor(config)
		if err != nil {
			return nil, fail("make client", err)
		}
		all = append(all, client)
	}
	return all, nil
}

// client returns one client.
func (c *column) client() (*rest.RESTClient, error) {
	all, err := c.clients(1)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// place returns the namespace and name of the i-th object.
func (b *bench) place(i int) (ns, name string) {
	return namespace(i % b.namespaces), fmt.Sprintf("vm-%05d", i)
}
