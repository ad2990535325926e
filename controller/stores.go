// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/kubevirt"
	"github.com/virtplane/virtplane/controller/node"
	"github.com/virtplane/virtplane/controller/store"
	"github.com/virtplane/virtplane/controller/vmi"
)

// pluginName is the value of the name label on the pods of the node plugin.
const pluginName = "virt-nodeplugin"

// stores hold what the controllers look at.
type stores struct {
	vms     *store.Store[*v1.VirtualMachine]
	vmis    *store.Store[*v1.VirtualMachineInstance]
	pods    *store.Store[*corev1.Pod]
	nodes   *store.Store[*corev1.Node]
	plugins *store.Store[*corev1.Pod]
	// The settings and the workloads of the installation.
	kubevirts    *store.Store[*v1.KubeVirt]
	deployments  *store.Store[*appsv1.Deployment]
	statefulSets *store.Store[*appsv1.StatefulSet]
	daemonSets   *store.Store[*appsv1.DaemonSet]
}

func newStores() *stores {
	return &stores{
		vms:     store.New(store.Options[*v1.VirtualMachine]{Trim: trimVM}),
		vmis:    store.New(store.Options[*v1.VirtualMachineInstance]{Trim: trimVMI}),
		pods:    store.New(store.Options[*corev1.Pod]{Trim: vmi.TrimPod, Owner: vmi.OwnerKey}),
		nodes:   store.New(store.Options[*corev1.Node]{Trim: node.TrimNode}),
		plugins: store.New(store.Options[*corev1.Pod]{Trim: node.TrimPlugin, Owner: node.PluginKey}),

		kubevirts:    store.New(store.Options[*v1.KubeVirt]{}),
		deployments:  store.New(store.Options[*appsv1.Deployment]{Trim: kubevirt.TrimDeployment}),
		statefulSets: store.New(store.Options[*appsv1.StatefulSet]{Trim: kubevirt.TrimStatefulSet}),
		daemonSets:   store.New(store.Options[*appsv1.DaemonSet]{Trim: kubevirt.TrimDaemonSet}),
	}
}

// run returns one function for each store, which fills it until its context ends.
func (s *stores) run(c *clients, namespace string) []func(context.Context) {
	vms := c.virtplane.KubevirtV1().VirtualMachines(metav1.NamespaceAll)
	vmis := c.virtplane.KubevirtV1().VirtualMachineInstances(metav1.NamespaceAll)
	pods := c.kube.CoreV1().Pods(metav1.NamespaceAll)
	plugins := c.kube.CoreV1().Pods(namespace)
	nodes := c.kube.CoreV1().Nodes()
	kubevirts := c.virtplane.KubevirtV1().KubeVirts(namespace)
	deployments, statefulSets, daemonSets := c.kube.AppsV1().Deployments(namespace), c.kube.AppsV1().StatefulSets(namespace), c.kube.AppsV1().DaemonSets(namespace)
	own := labels.Set{"app.kubernetes.io/part-of": "virtplane"}
	return []func(context.Context){
		func(ctx context.Context) {
			s.vms.Run(ctx, source(c.virtplane, nil, vms.List, vms.Watch), &v1.VirtualMachine{})
		},
		func(ctx context.Context) {
			s.vmis.Run(ctx, source(c.virtplane, nil, vmis.List, vmis.Watch), &v1.VirtualMachineInstance{})
		},
		func(ctx context.Context) {
			s.pods.Run(ctx, source(c.kube, labels.Set{v1.AppLabel: v1.AppLabelLauncher}, pods.List, pods.Watch), &corev1.Pod{})
		},
		func(ctx context.Context) {
			s.plugins.Run(ctx, source(c.kube, labels.Set{"app.kubernetes.io/name": pluginName}, plugins.List, plugins.Watch), &corev1.Pod{})
		},
		func(ctx context.Context) {
			s.nodes.Run(ctx, source(c.kube, nil, nodes.List, nodes.Watch), &corev1.Node{})
		},
		func(ctx context.Context) {
			s.kubevirts.Run(ctx, source(c.virtplane, nil, kubevirts.List, kubevirts.Watch), &v1.KubeVirt{})
		},
		func(ctx context.Context) {
			s.deployments.Run(ctx, source(c.kube, own, deployments.List, deployments.Watch), &appsv1.Deployment{})
		},
		func(ctx context.Context) {
			s.statefulSets.Run(ctx, source(c.kube, own, statefulSets.List, statefulSets.Watch), &appsv1.StatefulSet{})
		},
		func(ctx context.Context) {
			s.daemonSets.Run(ctx, source(c.kube, own, daemonSets.List, daemonSets.Watch), &appsv1.DaemonSet{})
		},
	}
}

// connectParts says when to look at the installation again.
func (s *stores) connectParts(look func()) {
	s.kubevirts.Handle(func(*v1.KubeVirt) { look() })
	s.deployments.Handle(func(*appsv1.Deployment) { look() })
	s.statefulSets.Handle(func(*appsv1.StatefulSet) { look() })
	s.daemonSets.Handle(func(*appsv1.DaemonSet) { look() })
}

// source lists and watches the objects that carry the labels.
func source[L runtime.Object](client any, selected labels.Set,
	list func(context.Context, metav1.ListOptions) (L, error),
	watcher func(context.Context, metav1.ListOptions) (watch.Interface, error),
) cache.ListerWatcher {
	selector := selected.AsSelector().String()
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector, options.FieldSelector = selector, fields.Everything().String()
			return list(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector, options.FieldSelector = selector, fields.Everything().String()
			return watcher(ctx, options)
		},
	}, client)
}
