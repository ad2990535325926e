// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"net/http"
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// deep are the subresources of more than one word. The generic server knows none, and would authorize a
// screenshot as if it were the screen; roles of the published API name them whole.
var deep = []string{
	"vnc/screenshot", "evacuate/cancel",
	"sev/fetchcertchain", "sev/querylaunchmeasurement", "sev/setupsession", "sev/injectlaunchsecret",
}

// Resolver tells what a request is about, with the whole name of its subresource: authorization, audit
// and the endpoints go by it.
type Resolver struct{ request.RequestInfoResolver }

// NewRequestInfo tells what req is about.
func (r Resolver) NewRequestInfo(req *http.Request) (*request.RequestInfo, error) {
	info, err := r.RequestInfoResolver.NewRequestInfo(req)
	if err != nil || len(info.Parts) < 4 || info.APIGroup != v1.GroupName && info.APIGroup != v1.SubresourceGroupName {
		return info, err
	}
	if name := strings.Join(info.Parts[2:], "/"); slices.Contains(deep, name) {
		info.Subresource = name
	}
	return info, nil
}
