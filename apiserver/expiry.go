// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"strings"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	"github.com/virtplane/virtplane/apiserver/certificates"
)

// watchCertificates tells administrators of certificates that are near their end: in /healthz, by an event and in the log.
// The server stays ready, because it serves until then.
func (o *Options) watchCertificates(generic *genericapiserver.RecommendedConfig, manager *certificates.Manager, host kubernetes.Interface) error {
	generic.HealthzChecks = append(generic.HealthzChecks, manager)
	return o.tellOf(generic, host, "Certificates", manager.Check)
}

// tellOf has what a check finds told by an event and in the log.
func (o *Options) tellOf(generic *genericapiserver.RecommendedConfig, host kubernetes.Interface, reason string, check func(*http.Request) error) error {
	if err := generic.AddPostStartHook("virtplane-tell-of-"+strings.ToLower(reason), func(hook genericapiserver.PostStartHookContext) error {
		reporter, err := newReporter(hook, host, o.Namespace, o.ServiceName)
		if err != nil {
			return err
		}
		go reporter.watch(hook, reason, check)
		return nil
	}); err != nil {
		return fmt.Errorf("add hook: %w", err)
	}
	return nil
}
