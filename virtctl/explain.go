// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// unserved begins the message that client-go makes up for a path that no server knows.
const unserved = "the server could not find the requested resource"

// unreachable begins the message that client-go makes up when kube-apiserver reaches no server behind a path.
const unreachable = "the server is currently unable to handle the request"

// explain returns what to print about err.
func explain(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		s := status.Status()
		s.Message = legible(s.Message)
		switch {
		case strings.HasPrefix(s.Message, unserved) || strings.HasSuffix(s.Message, "404 page not found"):
			return "Error: the cluster does not serve subresources.kubevirt.io/v1; is virtplane installed? (kubectl get apiservice v1.subresources.kubevirt.io)"
		case apierrors.IsServiceUnavailable(err) && strings.HasPrefix(s.Message, unreachable):
			return fmt.Sprintf("Error: virt-apiserver is not available: %s (kubectl get apiservice v1.subresources.kubevirt.io)", s.Message)
		case s.Reason == "":
			return "Error from server: " + s.Message
		default:
			return fmt.Sprintf("Error from server (%s): %s", s.Reason, s.Message)
		}
	}
	var request *url.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED) && errors.As(err, &request):
		return fmt.Sprintf("Error: the cluster's API server at %s refused the connection: is it running, and is the right --context in use?", host(request.URL))
	case errors.As(err, &request):
		return fmt.Sprintf("Error: cannot reach the cluster's API server at %s: %v", host(request.URL), request.Err)
	}
	return "Error: " + err.Error()
}

// legible returns a message as it may be shown on a terminal: a guest may have had a word in it.
func legible(message string) string {
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

// reason is explain for a line that already says whose trouble it is.
func reason(err error) string {
	text := explain(err)
	if rest, plain := strings.CutPrefix(text, "Error: "); plain {
		return rest
	}
	return strings.Replace(text, "Error", "error", 1)
}

// host returns the scheme and host of an address, which is what can be wrong in a kubeconfig.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return u.Scheme + "://" + u.Host
}
