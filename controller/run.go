// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apis/kubevirt/config/live"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apis/version"
	"github.com/virtplane/virtplane/client/clientset/versioned/scheme"
	"github.com/virtplane/virtplane/controller/kubevirt"
	"github.com/virtplane/virtplane/controller/node"
	"github.com/virtplane/virtplane/controller/queue"
	"github.com/virtplane/virtplane/controller/reason"
	"github.com/virtplane/virtplane/controller/vm"
	"github.com/virtplane/virtplane/controller/vmi"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

// Run is virt-controller: it works until ctx ends or the leader lease is lost.
func Run(ctx context.Context, o *Options) error {
	if errs := o.Validate(); len(errs) > 0 {
		return fmt.Errorf("check flags: %w", errors.Join(errs...))
	}
	c, err := newClients(o)
	if err != nil {
		return err
	}
	h := newHealth()
	stopServing, err := h.serve(ctx, o.HealthPort)
	if err != nil {
		return err
	}
	defer stopServing()
	settings, stopFollowing := follow(ctx, c, o.Namespace)
	defer stopFollowing()
	if !o.LeaderElect {
		return work(ctx, c, o, h, settings)
	}
	return lead(ctx, c, o, h.watchdog, func(ctx context.Context) error { return work(ctx, c, o, h, settings) })
}

// work runs the controllers until ctx ends. What they look at is read after this process has become
// the leader: it knows all that the leader before it wrote.
func work(ctx context.Context, c *clients, o *Options, h *health, settings *live.Settings) error {
	h.working.Store(true)
	leadingStatus.Set(1)
	defer leadingStatus.Set(0)
	defer readyStatus.Set(0)

	events := record.NewBroadcaster(record.WithContext(ctx))
	events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: c.kube.CoreV1().Events("")})
	defer events.Shutdown()
	recorder := events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: reason.Component})

	s := newStores()
	vms := &vm.Reconciler{Client: c.virtplane.KubevirtV1(), VMs: s.vms, VMIs: s.vmis, Events: recorder}
	vmis := &vmi.Reconciler{Client: c.virtplane.KubevirtV1(), Core: c.kube.CoreV1(), VMIs: s.vmis, Pods: s.pods,
		Nodes: s.nodes, Events: recorder, Template: func() template.Options { return o.template(settings.Current()) }}
	nodes := &node.Reconciler{Client: c.kube.CoreV1().Nodes(), Nodes: s.nodes, Plugins: s.plugins}
	kubevirts := &kubevirt.Reconciler{Client: c.virtplane.KubevirtV1().KubeVirts(o.Namespace), KubeVirts: s.kubevirts, VMIs: s.vmis,
		Deployments: s.deployments, StatefulSets: s.statefulSets, DaemonSets: s.daemonSets,
		Namespace: o.Namespace, Version: version.Get().GitVersion, Image: o.LauncherImage, Initial: o.initial()}
	vmQueue, vmiQueue, nodeQueue := queue.New("virtualmachine"), queue.New("virtualmachineinstance"), queue.New("node")
	kubevirtQueue := queue.New("kubevirt")
	s.connect(vmQueue, vmiQueue, nodeQueue)
	s.connectParts(func() { kubevirtQueue.Add(kubevirts.Key()) })

	var wg sync.WaitGroup
	defer wg.Wait()
	for _, run := range s.run(c, o.Namespace) {
		wg.Go(func() { run(ctx) })
	}
	// Nodes need nothing of virtplane's own API, so that they do not wait for it.
	wg.Go(func() {
		if wait(ctx, s.nodes.WaitForSync, s.plugins.WaitForSync) == nil {
			nodeQueue.Run(ctx, o.Concurrency, nodes.Reconcile)
		}
	})
	wg.Go(func() {
		if wait(ctx, s.kubevirts.WaitForSync, s.deployments.WaitForSync, s.statefulSets.WaitForSync, s.daemonSets.WaitForSync, s.vmis.WaitForSync) == nil {
			kubevirtQueue.Add(kubevirts.Key())
			kubevirtQueue.Run(ctx, 1, kubevirts.Reconcile)
		}
	})
	if err := wait(ctx, settings.Wait, s.vms.WaitForSync, s.vmis.WaitForSync, s.pods.WaitForSync, s.nodes.WaitForSync, s.plugins.WaitForSync); err != nil {
		return nil // ctx has ended
	}
	klog.FromContext(ctx).Info("Working", "virtualmachines", len(s.vms.List()), "instances", len(s.vmis.List()), "pods", len(s.pods.List()))
	h.synced.Store(true)
	readyStatus.Set(1)
	wg.Go(func() { vmiQueue.Run(ctx, o.Concurrency, vmis.Reconcile) })
	vmQueue.Run(ctx, o.Concurrency, vms.Reconcile)
	return nil
}

func wait(ctx context.Context, synced ...func(context.Context) error) error {
	for _, w := range synced {
		if err := w(ctx); err != nil {
			return err
		}
	}
	return nil
}

// connect says who looks again when something changes. A virtual machine and its instance have the same key.
func (s *stores) connect(vms, vmis, nodes *queue.Queue) {
	s.vms.Handle(func(obj *v1.VirtualMachine) { vms.Add(keyOf(obj.Namespace, obj.Name)) })
	s.vmis.Handle(func(obj *v1.VirtualMachineInstance) {
		vmis.Add(keyOf(obj.Namespace, obj.Name))
		vms.Add(keyOf(obj.Namespace, obj.Name))
	})
	s.pods.Handle(func(obj *corev1.Pod) {
		if key, ok := vmi.OwnerKey(obj); ok {
			vmis.Add(key)
		}
	})
	s.nodes.Handle(func(obj *corev1.Node) { nodes.Add(keyOf("", obj.Name)) })
	s.plugins.Handle(func(obj *corev1.Pod) {
		if key, ok := node.PluginKey(obj); ok {
			nodes.Add(key)
		}
	})
}

func keyOf(namespace, name string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: name}
}
