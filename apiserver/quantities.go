// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"

	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/virtplane/virtplane/apiserver/quantityguard"
)

// guardQuantities has bodies looked at before anything decodes them, and after authorization: only those who may write cost it time.
func guardQuantities(config *genericapiserver.RecommendedConfig) {
	build := config.BuildHandlerChainFunc
	config.BuildHandlerChainFunc = func(handler http.Handler, c *genericapiserver.Config) http.Handler {
		return build(quantityguard.New(handler, c.MaxRequestBodyBytes, c.LongRunningFunc, Codecs), c)
	}
}
