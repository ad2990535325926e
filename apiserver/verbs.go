// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	"github.com/virtplane/virtplane/registry/subresource"
)

// drainTaint is the key by which a node says that its guests shall leave; the default of the published API.
const drainTaint = "kubevirt.io/drain"

// serveVerbs has the server know what is particular about verbs: subresources of two words, and dry runs.
func serveVerbs(config *genericapiserver.RecommendedConfig) {
	config.RequestInfoResolver = subresource.Resolver{RequestInfoResolver: genericapiserver.NewRequestInfoResolver(&config.Config)}
	build := config.BuildHandlerChainFunc
	config.BuildHandlerChainFunc = func(handler http.Handler, c *genericapiserver.Config) http.Handler {
		return build(subresource.WithDryRun(handler), c)
	}
}

// addVerbs adds the subresources of a resource to what a group serves.
func addVerbs(storage map[string]rest.Storage, resource string, verbs map[string]*subresource.Endpoint) {
	for name, verb := range verbs {
		storage[resource+"/"+name] = verb
	}
}

// drained returns a function that tells by which taint a node says that its guests shall leave.
func drained(client kubernetes.Interface) func(context.Context, string) (string, error) {
	return func(ctx context.Context, name string) (string, error) {
		node, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("get node %s: %w", name, err)
		}
		for _, taint := range node.Spec.Taints {
			if taint.Key == drainTaint && taint.Effect == corev1.TaintEffectNoSchedule {
				return taint.ToString(), nil
			}
		}
		return "", nil
	}
}
