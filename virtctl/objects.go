// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	machineryruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// corePath is where Kubernetes' own objects are.
const corePath = "/api/v1"

// connection reads and writes objects in one namespace of the cluster.
type connection struct {
	requests  *rest.RESTClient
	namespace string
}

func (c *client) open() (*connection, error) {
	requests, namespace, err := c.connect()
	if err != nil {
		return nil, err
	}
	return &connection{requests, namespace}, nil
}

// in returns the path of a resource, or of what is below it, of the group at the path group.
func (c *connection) in(group, resource string, below ...string) []string {
	return append([]string{group, "namespaces", c.namespace, resource}, below...)
}

// object returns the path of an object of kubevirt.io.
func (c *connection) object(t target) []string { return c.in(objectsPath, t.resource, t.name) }

// subresource returns the path of a verb.
func (c *connection) subresource(t target, verb string) []string {
	return c.in(subresourcesPath, t.resource, t.name, verb)
}

// get decodes what is at path into into, which may be nil.
func (c *connection) get(ctx context.Context, into any, path ...string) error {
	return c.do(ctx, c.requests.Get().AbsPath(path...), nil, into)
}

func (c *connection) create(ctx context.Context, object any, path ...string) error {
	return c.do(ctx, asJSON(c.requests.Post()).AbsPath(path...), object, nil)
}

// put decodes the answer into into, which may be nil.
func (c *connection) put(ctx context.Context, object, into any, path ...string) error {
	return c.do(ctx, asJSON(c.requests.Put()).AbsPath(path...), object, into)
}

func (c *connection) remove(ctx context.Context, options any, path ...string) error {
	return c.do(ctx, asJSON(c.requests.Delete()).AbsPath(path...), options, nil)
}

// merge changes those fields of an object that are in patch; nil removes one.
func (c *connection) merge(ctx context.Context, patch any, path ...string) error {
	return c.do(ctx, c.requests.Patch(types.MergePatchType).AbsPath(path...), patch, nil)
}

// patch changes an object step by step, or has the server check that it would.
func (c *connection) patch(ctx context.Context, steps []step, dry dryRun, path ...string) error {
	request := c.requests.Patch(types.JSONPatchType).AbsPath(path...)
	for _, value := range dry.option() {
		request.Param("dryRun", value)
	}
	return c.do(ctx, request, steps, nil)
}

// step is one operation of a JSON patch.
type step struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func asJSON(request *rest.Request) *rest.Request {
	return request.SetHeader("Content-Type", machineryruntime.ContentTypeJSON)
}

func (c *connection) do(ctx context.Context, request *rest.Request, body, into any) error {
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		request.Body(encoded)
	}
	result := request.Do(ctx)
	// Error, unlike Raw, knows the server's reason.
	if err := result.Error(); err != nil || into == nil {
		return err
	}
	raw, err := result.Raw()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decode the server's answer: %w", err)
	}
	return nil
}

// checkName refuses what would end up in another path of the API; what tells whose name it is.
func checkName(what, name string) error {
	if name == "" {
		return fmt.Errorf("%s is empty", what)
	}
	if problems := content.IsPathSegmentName(name); len(problems) > 0 {
		return fmt.Errorf("%s=%s: %q is not a valid name: %s", what, name, name, strings.Join(problems, ", "))
	}
	return nil
}

// isUnserved tells that a path is known to no server, rather than that an object is missing.
func isUnserved(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || !apierrors.IsNotFound(err) {
		return false
	}
	message := status.Status().Message
	return strings.HasPrefix(message, unserved) || strings.HasSuffix(message, "404 page not found")
}

// explainMissing returns err, or says that a virtual machine is stopped where err is that it has no instance.
func (c *connection) explainMissing(ctx context.Context, verb, name string, err error) error {
	if !apierrors.IsNotFound(err) || isUnserved(err) {
		return err
	}
	if c.get(ctx, nil, c.object(target{machines, name})...) != nil {
		return err
	}
	return fmt.Errorf("%s VM %s: it is not running (virtctl start %s)", verb, name, name)
}
