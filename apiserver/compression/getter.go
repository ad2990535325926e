// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package compression

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
)

// getter gives every resource a storage that compresses.
type getter struct{ generic.RESTOptionsGetter }

// Wrap returns options whose storage compresses, and else does what inner's does, such as encrypting.
func Wrap(inner generic.RESTOptionsGetter) generic.RESTOptionsGetter { return getter{inner} }

func (g getter) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := g.RESTOptionsGetter.GetRESTOptions(resource, example)
	if err != nil {
		return options, err
	}
	// The configuration is shared with other resources.
	config := *options.StorageConfig
	if config.Transformer, err = New(config.Transformer); err != nil {
		return options, fmt.Errorf("compress %s: %w", resource, err)
	}
	options.StorageConfig = &config
	return options, nil
}
