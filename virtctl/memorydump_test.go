// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestMemoryDump(t *testing.T) {
	const claim = `{"kind":"PersistentVolumeClaim","apiVersion":"v1","metadata":{"name":"dump","labels":{"cdi.kubevirt.io/applyStorageProfile":"true"}},` +
		`"spec":{"accessModes":["ReadWriteMany"],"resources":{"requests":{"storage":"1190Mi"}},"storageClassName":"fast"},"status":{}}`
	for _, c := range []struct {
		args string
		want []request
		out  string
	}{
		{"get demo --claim-name=dump", []request{{"PUT", vmPath + "memorydump", `{"claimName":"dump","phase":""}`}}, "Successfully submitted memory dump request of VM demo\n"},
		{"get vm/demo", []request{{"PUT", vmPath + "memorydump", `{"claimName":"","phase":""}`}}, "Successfully submitted memory dump request of VM demo\n"},
		{"get demo --claim-name=dump --create-claim --access-mode=ReadWriteMany --storage-class=fast", []request{
			{"GET", objPath, ""}, {"GET", instancePath, ""}, {"POST", claimsPath, claim}, {"PUT", vmPath + "memorydump", `{"claimName":"dump","phase":""}`}},
			"PVC lab/dump created\nSuccessfully submitted memory dump request of VM demo\n"},
		{"remove demo", []request{{"PUT", vmPath + "removememorydump", "{}"}}, "Successfully submitted remove memory dump association of VM demo\n"},
	} {
		cluster := newCluster(t, map[string]http.HandlerFunc{
			"GET " + objPath: says("{}"), "GET " + instancePath: says(`{"spec":{"domain":{"memory":{"guest":"1Gi"},"resources":{"requests":{"memory":"512Mi"}},"devices":{}}}}`),
			"POST " + claimsPath: says("{}"), "PUT " + vmPath + "memorydump": code(202), "PUT " + vmPath + "removememorydump": code(202),
		})
		got := cluster.run(t, strings.Fields("memory-dump "+c.args)...)
		if got.code != 0 || got.out != c.out || got.errOut != "" {
			t.Errorf("%s: %+v", c.args, got)
		}
		if !reflect.DeepEqual(cluster.requests(), c.want) {
			t.Errorf("%s: requests %v\nwant %v", c.args, cluster.requests(), c.want)
		}
	}
}

func TestAMemoryDumpThatFailsLeavesNoClaim(t *testing.T) {
	refused := refuse(501, "NotImplemented", "dumping the memory of a guest is not implemented")
	cluster := newCluster(t, map[string]http.HandlerFunc{
		"GET " + objPath: says("{}"), "GET " + instancePath: says("{}"), "POST " + claimsPath: says("{}"), "PUT " + vmPath + "memorydump": refused,
		"DELETE " + claimsPath + "/dump": says("{}"),
	})
	got := cluster.run(t, "memory-dump", "get", "demo", "--claim-name=dump", "--create-claim")
	want := "PVC lab/dump deleted again\nError from server (NotImplemented): dumping the memory of a guest is not implemented\n"
	if got.code != 1 || got.out != "PVC lab/dump created\n" || got.errOut != want {
		t.Errorf("%+v, want %q", got, want)
	}
	if seen := cluster.requests(); !reflect.DeepEqual(seen[4], request{"DELETE", claimsPath + "/dump", "{}"}) {
		t.Errorf("requests %v", seen)
	}

	// One that was there before stays.
	cluster = newCluster(t, map[string]http.HandlerFunc{"PUT " + vmPath + "memorydump": refused})
	if got := cluster.run(t, "memory-dump", "get", "demo", "--claim-name=dump"); got.code != 1 || cluster.requests()[0].method != "PUT" {
		t.Errorf("%+v, %v", got, cluster.requests())
	}
	for _, r := range cluster.requests() {
		if r.method == "DELETE" {
			t.Errorf("deleted what it had not made: %v", r)
		}
	}
}

func TestClaimsThatAreNotMade(t *testing.T) {
	for _, c := range []struct {
		answers map[string]http.HandlerFunc
		want    string
	}{
		{map[string]http.HandlerFunc{"GET " + objPath: says(`{"status":{"memoryDumpRequest":{"claimName":"old","phase":"Completed"}}}`)}, "VM demo still dumps to the claim old"},
		{map[string]http.HandlerFunc{"GET " + objPath: says("{}"), "GET " + instancePath: refuse(404, "NotFound", "no")}, "memory-dump VM demo: it is not running"},
		{map[string]http.HandlerFunc{"GET " + objPath: says("{}"), "GET " + instancePath: says("{}"), "POST " + claimsPath: refuse(409, "AlreadyExists", "exists")},
			"PVC lab/dump exists already: leave out --create-claim to use it"},
	} {
		got := newCluster(t, c.answers).run(t, "memory-dump", "get", "demo", "--claim-name=dump", "--create-claim")
		if got.code != 1 || got.out != "" || !strings.Contains(got.errOut, c.want) {
			t.Errorf("%+v, want %q", got, c.want)
		}
	}
}
