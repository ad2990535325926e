// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	machineryruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/virtplane/virtplane/apis/version"
)

const (
	objectsPath      = "/apis/kubevirt.io/v1"
	subresourcesPath = "/apis/subresources.kubevirt.io/v1"
	// skewTimeout is how long a failed command waits for the server's version.
	skewTimeout = 3 * time.Second
)

// client speaks to virtplane through the cluster's API server, as the kubeconfig and the flags say.
type client struct {
	rules     *clientcmd.ClientConfigLoadingRules
	overrides *clientcmd.ConfigOverrides
	// warnings is where the server's warnings are printed.
	warnings io.Writer
}

func newClient() *client {
	return &client{rules: clientcmd.NewDefaultClientConfigLoadingRules(), overrides: &clientcmd.ConfigOverrides{}, warnings: io.Discard}
}

func (c *client) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.rules.ExplicitPath, clientcmd.RecommendedConfigPathFlag, "", "Path to the kubeconfig file to use")
	names := clientcmd.RecommendedConfigOverrideFlags("")
	names.ClusterOverrideFlags.APIServer.ShortName = "s"
	// Basic authentication is gone from Kubernetes.
	names.AuthOverrideFlags.Username.LongName = ""
	names.AuthOverrideFlags.Password.LongName = ""
	clientcmd.BindOverrideFlags(c.overrides, flags, names)
}

// config returns how to reach the cluster, and the namespace to work in.
func (c *client) config() (*rest.Config, string, error) {
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(c.rules, c.overrides)
	config, err := loader.ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, "", errors.New("no cluster is configured; name a kubeconfig with --kubeconfig or KUBECONFIG")
	}
	if err != nil {
		return nil, "", fmt.Errorf("load kubeconfig: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", fmt.Errorf("load kubeconfig: %w", err)
	}
	config.UserAgent = fmt.Sprintf("virtctl/%s (%s/%s)", version.Get().GitVersion, runtime.GOOS, runtime.GOARCH)
	config.WarningHandler = rest.NewWarningWriter(c.warnings, rest.WarningWriterOptions{Deduplicate: true})
	// Nothing but a Status is ever decoded, so no types but that are needed.
	scheme := machineryruntime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	return config, namespace, nil
}

func (c *client) connect() (*rest.RESTClient, string, error) {
	config, namespace, err := c.config()
	if err != nil {
		return nil, "", err
	}
	requests, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, "", fmt.Errorf("load kubeconfig: %w", err)
	}
	return requests, namespace, nil
}

// put performs verb on t with options as its body.
func (c *client) put(ctx context.Context, t target, verb string, options any) error {
	requests, namespace, err := c.connect()
	if err != nil {
		return err
	}
	body, err := json.Marshal(options)
	if err != nil {
		return fmt.Errorf("encode options: %w", err)
	}
	return requests.Put().AbsPath(subresourcesPath, "namespaces", namespace, t.resource, t.name, verb).
		SetHeader("Content-Type", machineryruntime.ContentTypeJSON).Body(body).Do(ctx).Error()
}

// get tells whether t exists, by the error.
func (c *client) get(ctx context.Context, t target) error {
	requests, namespace, err := c.connect()
	if err != nil {
		return err
	}
	return requests.Get().AbsPath(objectsPath, "namespaces", namespace, t.resource, t.name).Do(ctx).Error()
}

// consoleURL returns where the console of an instance is.
func (c *client) consoleURL(name string) (*rest.Config, *url.URL, error) {
	config, namespace, err := c.config()
	if err != nil {
		return nil, nil, err
	}
	requests, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	return config, requests.Get().AbsPath(subresourcesPath, "namespaces", namespace, instances, name, "console").URL(), nil
}

// serverVersion asks the server for its version.
func (c *client) serverVersion(ctx context.Context) (*apimachineryversion.Info, error) {
	requests, _, err := c.connect()
	if err != nil {
		return nil, err
	}
	result := requests.Get().AbsPath(subresourcesPath, "version").Do(ctx)
	// Error, unlike Raw, knows the server's reason.
	if err := result.Error(); err != nil {
		return nil, err
	}
	body, err := result.Raw()
	if err != nil {
		return nil, err
	}
	info := &apimachineryversion.Info{}
	if err := json.Unmarshal(body, info); err != nil {
		return nil, fmt.Errorf("decode server version: %w", err)
	}
	return info, nil
}

// warnOfSkew tells after an error that came from the server whether an old virtctl may be the reason.
func (c *client) warnOfSkew(ctx context.Context, err error) {
	if status := apierrors.APIStatus(nil); !errors.As(err, &status) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, skewTimeout)
	defer cancel()
	server, err := c.serverVersion(ctx)
	if err != nil {
		return
	}
	own, theirs := version.Get().GitVersion, server.GitVersion
	// The server puts the release of the API in front, for clients of that API.
	if build, ok := version.OfServer(theirs); ok {
		theirs = build
	}
	if release(own) != release(theirs) {
		fmt.Fprintf(c.warnings, "Warning: the client is %s and the server is %s; that may be why\n", own, theirs)
	}
}

// release returns the major and minor number of a version, which have to agree.
func release(v string) string {
	parts := strings.SplitN(strings.TrimPrefix(v, "v"), ".", 3)
	if len(parts) < 3 {
		return v
	}
	return parts[0] + "." + parts[1]
}
