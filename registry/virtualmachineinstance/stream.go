// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// bearerPrefix begins a protocol that is a token; kube-apiserver knows users by them.
const bearerPrefix = "base64url.bearer.authorization.k8s.io."

// stream returns a route that connects a client with what the plugin of the node serves as verb. check
// tells whether the instance has it, and in which words it is asked for: the query of the plugin's URL.
func (i *Instances) stream(verb string, check func(vmi *v1.VirtualMachineInstance, query url.Values) (url.Values, error)) subresource.Func {
	return func(req *http.Request, name string) (http.Handler, error) {
		vmi, err := i.get(req.Context(), name)
		if err != nil {
			return nil, err
		}
		query, err := check(vmi, req.URL.Query())
		if err != nil {
			return nil, err
		}
		return i.open(req, vmi, verb, query)
	}
}

// open connects a client with what the plugin of an instance's node serves as verb.
func (i *Instances) open(req *http.Request, vmi *v1.VirtualMachineInstance, verb string, query url.Values) (http.Handler, error) {
	target, err := i.hop.locate(vmi, verb)
	if err != nil {
		return nil, err
	}
	target.url.RawQuery = query.Encode()
	if !strings.EqualFold(req.Header.Get("Upgrade"), "websocket") {
		return nil, apierrors.NewBadRequest(verb + " is a stream; ask for it by a websocket handshake")
	}
	return target.websocket()
}

// websocket hands a handshake on to the plugin and, once the plugin accepts, all that follows. What the
// plugin refuses is an ordinary answer: nothing of the client's connection ever reaches the plugin then.
func (t *target) websocket() (http.Handler, error) {
	return &httputil.ReverseProxy{
		Transport: handshake{t.transport},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL, r.Out.Host = t.url, t.url.Host
			// The plugin knows this server by its certificate; what identifies the user stays here.
			for header := range r.Out.Header {
				if !forwarded(header) {
					r.Out.Header.Del(header)
				}
			}
			withoutTokens(r.Out.Header)
		},
		ModifyResponse: func(resp *http.Response) error {
			if resp.StatusCode == http.StatusSwitchingProtocols {
				return nil
			}
			return t.refusal(resp)
		},
		ErrorHandler: func(_ http.ResponseWriter, req *http.Request, err error) {
			var known apierrors.APIStatus
			if !errors.As(err, &known) {
				err = t.unreachable(err)
			}
			subresource.Refuse(req, err)
		},
	}, nil
}

// forwarded tells that a header is part of the handshake.
func forwarded(header string) bool {
	return header == "Connection" || header == "Upgrade" || header == "User-Agent" || strings.HasPrefix(header, "Sec-Websocket-")
}

// withoutTokens removes the credentials that browsers put among the protocols that they offer. Whoever
// authenticates a user by them removes them; here they are left when the user was known otherwise.
func withoutTokens(header http.Header) {
	var offered []string
	for _, line := range header["Sec-Websocket-Protocol"] {
		for protocol := range strings.SplitSeq(line, ",") {
			if protocol = strings.TrimSpace(protocol); !strings.HasPrefix(protocol, bearerPrefix) {
				offered = append(offered, protocol)
			}
		}
	}
	header.Del("Sec-Websocket-Protocol")
	if len(offered) > 0 {
		header.Set("Sec-Websocket-Protocol", strings.Join(offered, ", "))
	}
}

// handshake bounds the time until a plugin answers; the stream that follows lasts as long as it will.
type handshake struct{ http.RoundTripper }

func (h handshake) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(pluginTimeout, func() { cancel(context.DeadlineExceeded) })
	defer timer.Stop()
	resp, err := h.RoundTripper.RoundTrip(req.WithContext(ctx))
	if err != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return nil, context.DeadlineExceeded
	}
	return resp, err
}
