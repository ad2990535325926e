// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"net/http"
	"strings"
	"testing"
)

func TestValuesOfFlagsAreCompleted(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{
		"GET /api/v1/namespaces/lab/persistentvolumeclaims":               says(`{"items":[{"metadata":{"name":"data"}},{"metadata":{"name":"root"}}]}`),
		"GET /apis/kubevirt.io/v1/namespaces/lab/virtualmachines":         says(`{"items":[{"metadata":{"name":"demo"}}]}`),
		"GET /apis/kubevirt.io/v1/namespaces/lab/virtualmachineinstances": says(`{"items":[{"metadata":{"name":"running"}}]}`),
	})
	for typed, want := range map[string]string{
		"guestosinfo demo --output=":         "json yaml table",
		"guestosinfo ":                       "running",
		"migrate ":                           "demo",
		"evacuate-cancel vm ":                "demo",
		"expand --vm=":                       "demo",
		"expand --output=":                   "yaml json",
		"expose vm demo --type=":             "ClusterIP NodePort LoadBalancer",
		"addvolume demo --volume-name=d":     "data",
		"memory-dump get demo --claim-name=": "data root",
		"memory-dump get ":                   "demo",
		"credentials set-password ":          "demo",
		"create vm --run-strategy=":          "Always Manual Halted Once RerunOnFailure",
		"adm ":                               "log-verbosity",
	} {
		args := strings.Split(typed, " ")
		got := cluster.run(t, append([]string{"__completeNoDesc"}, args...)...)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		if offered := strings.Join(lines[:len(lines)-1], " "); got.code != 0 || offered != want {
			t.Errorf("%q: offers %q, want %q: %+v", typed, offered, want, got)
		}
	}
}
