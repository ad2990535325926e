// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

const (
	// pluginTimeout is how long a node's plugin may take for a verb or a handshake; the same as clients know.
	pluginTimeout = 10 * time.Second
	// maxAnswer caps what is read of a plugin's answer in bytes: the largest is the picture of a screen.
	maxAnswer = 16 << 20
	// maxReason caps what is read of a refusal, in bytes.
	maxReason = 64 << 10
)

// Nodes reaches the plugins of the nodes.
type Nodes interface {
	// Plugin returns the base URL of a node's plugin and a transport that trusts that plugin alone.
	Plugin(node string) (*url.URL, http.RoundTripper, error)
}

// hop is the way to the guest: the plugin of the node that it runs on.
type hop struct{ nodes Nodes }

// target is where a plugin serves a verb.
type target struct {
	node, verb string
	url        *url.URL
	transport  http.RoundTripper
}

// locate returns where the plugin of an instance's node serves verb.
func (h hop) locate(vmi *v1.VirtualMachineInstance, verb string) (*target, error) {
	if !vmi.IsRunning() && vmi.Status.Phase != v1.Scheduled {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("Unable to connect to VirtualMachineInstance because phase is %s instead of %s or %s",
			vmi.Status.Phase, v1.Running, v1.Scheduled))
	}
	base, transport, err := h.nodes.Plugin(vmi.Status.NodeName)
	if err != nil {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("reach the plugin of node %q: %v", vmi.Status.NodeName, err))
	}
	location := *base
	location.Path = path.Join("/v1/namespaces", vmi.Namespace, "virtualmachineinstances", vmi.Name, verb)
	return &target{vmi.Status.NodeName, verb, &location, transport}, nil
}

// call asks the plugin for a verb and returns its answer.
func (t *target) call(ctx context.Context, method string, options any) (contentType string, body []byte, err error) {
	var sent io.Reader
	if options != nil {
		encoded, err := json.Marshal(options)
		if err != nil {
			return "", nil, apierrors.NewInternalError(fmt.Errorf("encode options: %w", err))
		}
		sent = strings.NewReader(string(encoded))
	}
	ctx, cancel := context.WithTimeout(ctx, pluginTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, t.url.String(), sent)
	if err != nil {
		return "", nil, apierrors.NewInternalError(err)
	}
	if sent != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := t.transport.RoundTrip(req)
	if err != nil {
		return "", nil, t.unreachable(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return "", nil, t.refusal(resp)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return "", nil, t.unreachable(err)
	case len(body) > maxAnswer:
		return "", nil, apierrors.NewInternalError(fmt.Errorf("%s through the plugin of node %q: the answer has more than %d bytes", t.verb, t.node, maxAnswer))
	}
	return resp.Header.Get("Content-Type"), body, nil
}

func (t *target) unreachable(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("it did not answer within %s", pluginTimeout)
	}
	return apierrors.NewInternalError(fmt.Errorf("%s through the plugin of node %q: %w", t.verb, t.node, err))
}

func (t *target) unexpected(got, want string) error {
	return apierrors.NewInternalError(fmt.Errorf("%s through the plugin of node %q: the answer is %s, want %s", t.verb, t.node, got, want))
}

// refusal makes an error of a plugin's answer that is no success.
func (t *target) refusal(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxReason))
	status := metav1.Status{}
	if json.Unmarshal(body, &status) == nil && status.Status == metav1.StatusFailure && status.Code >= 400 {
		return apierrors.FromObject(&status)
	}
	text := strings.TrimSpace(string(body))
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		// A plugin that knows the verb answers in the words of the API, so this one does not.
		return subresource.NotServed(fmt.Sprintf("the plugin of node %q does not serve %s", t.node, t.verb))
	case http.StatusServiceUnavailable:
		return apierrors.NewServiceUnavailable(fmt.Sprintf("%s through the plugin of node %q: %s", t.verb, t.node, text))
	}
	return apierrors.NewInternalError(fmt.Errorf("unexpected return code %d (%s), message: %s", resp.StatusCode, resp.Status, text))
}
