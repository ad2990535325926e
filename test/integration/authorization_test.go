// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// recorder is asked what users may do, in place of the host cluster, and refuses everything.
type recorder struct {
	mu sync.Mutex
	// asked are the questions about the test's user.
	asked []authorizationv1.SubjectAccessReviewSpec
}

const recordedUser = "alice"

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	review := &authorizationv1.SubjectAccessReview{}
	body, err := io.ReadAll(req.Body)
	if err == nil {
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, review)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if review.Spec.User == recordedUser {
		r.mu.Lock()
		r.asked = append(r.asked, review.Spec)
		r.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(review)
}

// take returns what was asked since the last time.
func (r *recorder) take() []authorizationv1.SubjectAccessReviewSpec {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.asked
	r.asked = nil
	return out
}

// kubeconfig writes a kubeconfig that leads to the recorder.
func (r *recorder) kubeconfig(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(r)
	t.Cleanup(server.Close)
	config := clientcmdapi.NewConfig()
	config.Clusters["recorder"] = &clientcmdapi.Cluster{
		Server:                   server.URL,
		CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}
	config.AuthInfos["user"] = &clientcmdapi.AuthInfo{Token: "unused"}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "recorder", AuthInfo: "user"}
	config.CurrentContext = "test"
	path := t.TempDir() + "/kubeconfig"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// deepVerbs are the paths behind subresources, with the name that authorization knows each by.
var deepVerbs = map[string]string{
	"virtualmachineinstances/vnc/screenshot":             "vnc/screenshot",
	"virtualmachineinstances/sev/fetchcertchain":         "sev/fetchcertchain",
	"virtualmachineinstances/sev/querylaunchmeasurement": "sev/querylaunchmeasurement",
	"virtualmachineinstances/sev/setupsession":           "sev/setupsession",
	"virtualmachineinstances/sev/injectlaunchsecret":     "sev/injectlaunchsecret",
	"virtualmachineinstances/evacuate/cancel":            "evacuate/cancel",
	"virtualmachines/evacuate/cancel":                    "evacuate/cancel",
	"virtualmachineinstances/portforward/22":             "portforward",
	"virtualmachineinstances/portforward/53/udp":         "portforward",
	"virtualmachines/portforward/22/tcp":                 "portforward",
	// A way to write a path must not be a way around a right.
	"virtualmachineinstances/vnc/screenshot/":    "vnc/screenshot",
	"virtualmachineinstances/vnc/%73creenshot":   "vnc/screenshot",
	"virtualmachineinstances/vnc//screenshot":    "vnc",
	"virtualmachineinstances/vnc/screenshot/png": "vnc",
}

var verbsOfMethods = map[string]string{"GET": "get", "PUT": "update", "POST": "create", "PATCH": "patch", "DELETE": "delete"}

// TestAttributesOfAuthorization holds by which words each request is authorized: roles depend on them.
func TestAttributesOfAuthorization(t *testing.T) {
	record := &recorder{}
	dir := must(os.MkdirTemp("", "virtplane-authorization-"))(t) // socket paths must be short
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := must(cluster.newServer(dir + "/data"))(t)
	s.flags = []string{"--authorization-kubeconfig=" + record.kubeconfig(t)}
	if err := s.startProcess(t.Context(), dir+"/log"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.kill(); err != nil {
			t.Error(err)
		}
	})
	alice := must(s.login(recordedUser))(t)

	check := func(method, path string, want authorizationv1.ResourceAttributes) {
		t.Helper()
		a, err := send(t.Context(), alice, method, path, "", nil)
		if err != nil || a.code != http.StatusForbidden {
			t.Errorf("%s %s: %d %s, %v, want 403", method, path, a.code, a.body, err)
		}
		asked := record.take()
		if len(asked) != 1 || asked[0].ResourceAttributes == nil {
			t.Errorf("%s %s: asked %+v, want one question about a resource", method, path, asked)
			return
		}
		if diff := cmp.Diff(want, *asked[0].ResourceAttributes); diff != "" {
			t.Errorf("%s %s is authorized by other words (- want, + got):\n%s", method, path, diff)
		}
	}
	const ns = "default"
	asked := 0
	for _, group := range groups {
		paths := map[string]string{}
		for name := range servedVerbs {
			_, paths[name], _ = strings.Cut(name, "/")
		}
		for path, name := range deepVerbs {
			paths[path] = name
		}
		for _, resource := range []string{"virtualmachines", "virtualmachineinstances"} {
			paths[resource+"/status"] = "status"
		}
		for path, name := range paths {
			resource, rest, _ := strings.Cut(path, "/")
			asked++
			object := fmt.Sprintf("demo-%d", asked) // an answer to the same words is remembered
			for method, verb := range verbsOfMethods {
				check(method, pathOf(group, ns, resource, object)+"/"+rest, authorizationv1.ResourceAttributes{
					Namespace: ns, Verb: verb, Group: group, Version: "v1", Resource: resource, Subresource: name, Name: object,
				})
			}
		}
		check("PUT", "/apis/"+group+"/v1/namespaces/"+ns+"/expand-vm-spec", authorizationv1.ResourceAttributes{
			Namespace: ns, Verb: "update", Group: group, Version: "v1", Resource: "expand-vm-spec",
		})
	}
	for _, name := range []string{"version", "guestfs", "healthz"} {
		check("GET", "/apis/subresources.kubevirt.io/v1/"+name, authorizationv1.ResourceAttributes{
			Verb: "list", Group: "subresources.kubevirt.io", Version: "v1", Resource: name,
		})
	}
	for _, resource := range []string{"virtualmachines", "virtualmachineinstances", "kubevirts"} {
		for method, verb := range verbsOfMethods {
			if method == "POST" {
				continue
			}
			check(method, pathOf("kubevirt.io", ns, resource, "demo"), authorizationv1.ResourceAttributes{
				Namespace: ns, Verb: verb, Group: "kubevirt.io", Version: "v1", Resource: resource, Name: "demo",
			})
		}
		for request, verb := range map[string]string{"GET ": "list", "GET ?watch=1": "watch", "POST ": "create", "DELETE ": "deletecollection"} {
			method, query, _ := strings.Cut(request, " ")
			check(method, pathOf("kubevirt.io", ns, resource, "")+query, authorizationv1.ResourceAttributes{
				Namespace: ns, Verb: verb, Group: "kubevirt.io", Version: "v1", Resource: resource,
			})
		}
	}
}
