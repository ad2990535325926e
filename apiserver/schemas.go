// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	mutatingpolicy "k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/openapi"
	"k8s.io/kube-openapi/pkg/builder3"
	openapicommon "k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/spec3"
	openapiutil "k8s.io/kube-openapi/pkg/util"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// ownSchemas gives mutating policies the schemas of the objects that they change. By itself their
// plugin asks the host cluster for them every few seconds, which has them from this very server and
// some time after it: until then a policy that must not fail would refuse every write.
type ownSchemas struct {
	client kubernetes.Interface
	config *openapicommon.OpenAPIV3Config
}

var (
	_ admission.PluginInitializer = ownSchemas{}
	_ openapi.Client              = ownSchemas{}
	_ openapi.GroupVersion        = ownSchemas{}
)

// Initialize hands the schemas to the plugin that uses them.
func (s ownSchemas) Initialize(plugin admission.Interface) {
	if policies, ok := plugin.(*mutatingpolicy.Plugin); ok {
		policies.SetExternalKubeClientSet(schemaClient{Interface: s.client, schemas: s})
	}
}

// Paths names the versions of which there are schemas.
func (s ownSchemas) Paths() (map[string]openapi.GroupVersion, error) {
	return map[string]openapi.GroupVersion{
		"apis/" + v1.SchemeGroupVersion.String():      s,
		"apis/" + v1.SubresourceGroupVersion.String(): s,
	}, nil
}

// ServerRelativeURL identifies a state of the schemas, of which a process has one.
func (ownSchemas) ServerRelativeURL() string { return "/openapi/v3" }

// Schema returns the schemas of all kinds as an OpenAPI document without paths.
func (s ownSchemas) Schema(contentType string) ([]byte, error) {
	if contentType != runtime.ContentTypeJSON {
		return nil, fmt.Errorf("encode schemas: %s is not supported", contentType)
	}
	here := reflect.TypeFor[v1.VirtualMachine]().PkgPath()
	var names []string
	for kind, goType := range Scheme.KnownTypes(v1.SchemeGroupVersion) {
		if goType.PkgPath() != here {
			continue
		}
		object, err := Scheme.New(v1.SchemeGroupVersion.WithKind(kind))
		if err != nil {
			return nil, fmt.Errorf("make %s: %w", kind, err)
		}
		names = append(names, openapiutil.GetCanonicalTypeName(object))
	}
	slices.Sort(names)
	schemas, err := builder3.BuildOpenAPIDefinitionsForResources(s.config, names...)
	if err != nil {
		return nil, fmt.Errorf("build schemas: %w", err)
	}
	return json.Marshal(spec3.OpenAPI{Version: "3.0.0", Components: &spec3.Components{Schemas: schemas}})
}

// schemaClient is a client of the host cluster but for the schemas.
type schemaClient struct {
	kubernetes.Interface
	schemas ownSchemas
}

// Discovery returns discovery of the host cluster, with the schemas of this server.
func (c schemaClient) Discovery() discovery.DiscoveryInterfaces {
	return schemaDiscovery{DiscoveryInterfaces: c.Interface.Discovery(), schemas: c.schemas}
}

type schemaDiscovery struct {
	discovery.DiscoveryInterfaces
	schemas ownSchemas
}

// OpenAPIV3 returns the schemas.
func (d schemaDiscovery) OpenAPIV3() openapi.Client { return d.schemas }

// OpenAPIV3WithContext returns the schemas.
func (d schemaDiscovery) OpenAPIV3WithContext(context.Context) openapi.ClientWithContext {
	return openapi.ToClientWithContext(d.schemas)
}
