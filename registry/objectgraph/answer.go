// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package objectgraph

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// Check refuses while the feature is off; the published API asks this before all else.
func Check(gates subresource.Gates) error {
	if !gates.ObjectGraph() {
		return apierrors.NewBadRequest("ObjectGraph feature gate not enabled: Unable to return object graph.")
	}
	return nil
}

// Answer returns a graph as far as the options in the body of a request ask for it.
func Answer(req *http.Request, root v1.ObjectGraphNode) (http.Handler, error) {
	options := &v1.ObjectGraphOptions{}
	if _, err := subresource.ReadOptions(req, options); err != nil {
		return nil, err
	}
	selector := labels.Everything()
	if options.LabelSelector != nil {
		var err error
		if selector, err = metav1.LabelSelectorAsSelector(options.LabelSelector); err != nil {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("labelSelector: %v", err))
		}
	}
	optional := options.IncludeOptionalNodes == nil || *options.IncludeOptionalNodes
	root.Children = filter(root.Children, selector, optional)
	return subresource.JSON(root)
}

// filter drops nodes that are not asked for, with all below them.
func filter(nodes []v1.ObjectGraphNode, selector labels.Selector, optional bool) []v1.ObjectGraphNode {
	kept := make([]v1.ObjectGraphNode, 0, len(nodes))
	for _, n := range nodes {
		if !optional && n.Optional != nil && *n.Optional || !selector.Matches(labels.Set(n.Labels)) {
			continue
		}
		n.Children = filter(n.Children, selector, optional)
		kept = append(kept, n)
	}
	return kept
}
