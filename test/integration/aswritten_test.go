// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// manyFields uses fields of every part of the API, and leaves out what has a default.
const manyFields = `
runStrategy: Manual
updateVolumesStrategy: Replacement
template:
  metadata: {labels: {app: demo}, annotations: {note: demo}}
  spec:
    hostname: demo
    evictionStrategy: LiveMigrate
    nodeSelector: {zone: a}
    readinessProbe: {tcpSocket: {port: 22}, initialDelaySeconds: 5}
    domain:
      cpu: {sockets: 2, maxSockets: 4, features: [{name: svm, policy: disable}]}
      memory: {guest: 128Mi, maxGuest: 1Gi}
      firmware: {serial: abc, bootloader: {bios: {useSerial: true}}}
      devices:
        rng: {}
        autoattachGraphicsDevice: false
        inputs: [{name: tablet, type: tablet}]
        disks:
        - {name: root, disk: {bus: virtio}, bootOrder: 1, cache: none, serial: s1}
        - {name: data, disk: {}, tag: t}
        - {name: seed, cdrom: {}}
        interfaces: [{name: default, masquerade: {}, ports: [{port: 22}]}]
    networks: [{name: default, pod: {}}]
    volumes:
    - {name: root, containerDisk: {image: "example.com/guest:1"}}
    - {name: data, emptyDisk: {capacity: 1Gi}}
    - {name: seed, cloudInitNoCloud: {userData: "#cloud-config"}}
`

// TestVirtualMachinesAreStoredAsWritten holds that nothing is added to what the user wrote, so that tools which
// compare manifests with objects find no difference.
func TestVirtualMachinesAreStoredAsWritten(t *testing.T) {
	var want any
	if err := yaml.UnmarshalStrict([]byte(manyFields), &want); err != nil {
		t.Fatal(err)
	}
	spec := v1.VirtualMachineSpec{}
	if err := yaml.UnmarshalStrict([]byte(manyFields), &spec); err != nil {
		t.Fatal(err)
	}
	ns := newNamespace(t)
	must(machines(ns).Create(t.Context(), &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Name: "demo"}, Spec: spec}, metav1.CreateOptions{}))(t)

	raw := must(cluster.client.KubevirtV1().RESTClient().Get().Namespace(ns).Resource("virtualmachines").Name("demo").
		SetHeader("Accept", runtime.ContentTypeJSON).DoRaw(t.Context()))(t)
	var got struct{ Spec any }
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	// Objects without fields are in the JSON of every Go type that holds them by value.
	if diff := cmp.Diff(prune(want), prune(got.Spec)); diff != "" {
		t.Errorf("(- written, + stored):\n%s", diff)
	}
}

// prune removes objects that have no fields and are optional.
func prune(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			child = prune(child)
			v[key] = child
			if m, ok := child.(map[string]any); ok && len(m) == 0 && (key == "resources" || key == "features") {
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	case int64:
		return float64(v)
	}
	return value
}
