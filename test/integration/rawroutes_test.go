// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"net/http"
	"testing"

	"k8s.io/client-go/rest"
)

func TestWhatClientsAskBesideResources(t *testing.T) {
	for server, login := range map[string]*rest.Config{"virt-apiserver": cluster.direct, "kube-apiserver": cluster.admin} {
		get := func(name string) answer {
			return call(t, login, http.MethodGet, "/apis/subresources.kubevirt.io/v1/"+name, "", nil)
		}
		var version struct{ GitVersion, GoVersion, Platform string }
		if a := get("version"); a.code != 200 || json.Unmarshal([]byte(a.body), &version) != nil || version.GitVersion == "" || version.GoVersion == "" || version.Platform == "" {
			t.Errorf("version of %s: %d %s", server, a.code, a.body)
		}
		expectRefusal(t, "guestfs of "+server, get("guestfs"), 501, "virtplane has no image of libguestfs-tools; name one, as by virtctl guestfs --image")
		var health struct {
			APIServer struct {
				Connectivity string `json:"connectivity"`
				Version      struct {
					GitVersion string `json:"gitVersion"`
				} `json:"version"`
			} `json:"apiserver"`
		}
		if a := get("healthz"); a.code != 200 || json.Unmarshal([]byte(a.body), &health) != nil || health.APIServer.Connectivity != "ok" || health.APIServer.Version.GitVersion == "" {
			t.Errorf("healthz of %s: %d %s", server, a.code, a.body)
		}
	}
}
