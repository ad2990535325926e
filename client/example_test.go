// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package client_test shows how programs use the clients. The examples are compiled by the tests and printed in
// docs/clients.md.
package client_test

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	apply "github.com/virtplane/virtplane/client/applyconfiguration/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned"
	"github.com/virtplane/virtplane/client/informers/externalversions"
)

// connect makes a client from a kubeconfig. It asks for protobuf and falls back to JSON by itself.
func connect(kubeconfig string) (*versioned.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.UserAgent = "shop-operator/1.0" // the manager of fields that it creates and patches
	return versioned.NewForConfig(config)
}

// applyWeb states what a virtual machine shall be; who else writes other fields of it keeps them.
func applyWeb(ctx context.Context, client versioned.Interface) error {
	web := apply.VirtualMachine("web", "shop").WithSpec(apply.VirtualMachineSpec().
		WithRunStrategy(v1.RunStrategyAlways).
		WithTemplate(apply.VirtualMachineInstanceTemplateSpec().WithSpec(apply.VirtualMachineInstanceSpec().
			WithDomain(apply.DomainSpec().
				WithCPU(apply.CPU().WithCores(2)).
				WithMemory(apply.Memory().WithGuest(resource.MustParse("2Gi"))).
				WithDevices(apply.Devices().WithDisks(apply.Disk().WithName("root")))).
			WithVolumes(apply.Volume().WithName("root").
				WithContainerDisk(apply.ContainerDiskSource().WithImage("registry.example.com/debian:13"))))))
	_, err := client.KubevirtV1().VirtualMachines("shop").Apply(ctx, web, metav1.ApplyOptions{FieldManager: "shop-operator"})
	return err
}

// restart asks for what virtctl restart does; the other verbs are called alike.
func restart(ctx context.Context, client versioned.Interface, namespace, name string) error {
	return client.KubevirtV1().RESTClient().Put().Namespace(namespace).Resource("virtualmachines").Name(name).SubResource("restart").
		Body(&v1.RestartOptions{}).Do(ctx).Error()
}

// follow prints how the instances on a node change; the server picks them, so that nothing else is sent.
func follow(ctx context.Context, client versioned.Interface, node string) error {
	factory := externalversions.NewSharedInformerFactoryWithOptions(client, 10*time.Hour,
		externalversions.WithTweakListOptions(func(o *metav1.ListOptions) { o.FieldSelector = "status.nodeName=" + node }))
	_, err := factory.Kubevirt().V1().VirtualMachineInstances().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(_, now any) {
			vmi := now.(*v1.VirtualMachineInstance)
			fmt.Println(vmi.Name, vmi.Status.Phase)
		},
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	factory.Shutdown()
	return nil
}

func Example() {
	ctx := context.Background()
	client, err := connect("/home/ann/.kube/config")
	if err != nil {
		panic(err)
	}
	if err := applyWeb(ctx, client); err != nil {
		panic(err)
	}
	if err := restart(ctx, client, "shop", "web"); err != nil {
		panic(err)
	}
	if err := follow(ctx, client, "node1"); err != nil {
		panic(err)
	}
}
