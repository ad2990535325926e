// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	"github.com/virtplane/virtplane/apiserver/certificates"
)

// watchCertificates tells administrators of certificates that are near their end: in /healthz, by an event and in the log.
// The server stays ready, because it serves until then.
func (o *Options) watchCertificates(generic *genericapiserver.RecommendedConfig, manager *certificates.Manager, host kubernetes.Interface) error {
	generic.HealthzChecks = append(generic.HealthzChecks, manager)
	if err := generic.AddPostStartHook("virtplane-certificate-expiry", func(hook genericapiserver.PostStartHookContext) error {
		go newReporter(hook, host, o.Namespace, o.ServiceName).watch(hook, "Certificates", manager.Check)
		return nil
	}); err != nil {
		return fmt.Errorf("add hook: %w", err)
	}
	return nil
}
