// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"

	"k8s.io/client-go/rest"
)

// ownTransport returns a client whose connections nobody shares: client-go keeps one for all configurations
// that are alike.
func ownTransport(config *rest.Config) (*http.Client, error) {
	tls, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, fail("load kubeconfig", err)
	}
	transport, err := rest.HTTPWrappersForConfig(config, &http.Transport{TLSClientConfig: tls, ForceAttemptHTTP2: true, DisableKeepAlives: true})
	if err != nil {
		return nil, fail("load kubeconfig", err)
	}
	return &http.Client{Transport: transport}, nil
}
