// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const (
	servicesPath = "/api/v1/namespaces/lab/services"
	claimsPath   = "/api/v1/namespaces/lab/persistentvolumeclaims"
	dvPath       = "/apis/cdi.kubevirt.io/v1beta1/namespaces/lab/datavolumes/data"
	setPath      = "/apis/kubevirt.io/v1/namespaces/lab/virtualmachineinstancereplicasets/demo"
	listedPorts  = `"networks":[{"name":"other","multus":{"networkName":"x"}},{"name":"default","pod":{}}],"domain":{"devices":{"interfaces":[` +
		`{"name":"other","ports":[{"port":1}]},{"name":"default","ports":[{"name":"ssh","port":22},{"port":53,"protocol":"UDP"}]}]}}`
)

// exposable answers with objects that have the UID u.
func exposable(spec string) map[string]http.HandlerFunc {
	meta := `"metadata":{"name":"demo","namespace":"lab","uid":"u"}`
	owned := `"metadata":{"name":"demo","namespace":"lab","uid":"u","ownerReferences":[{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","name":"demo","uid":"v","controller":true}]}`
	return map[string]http.HandlerFunc{
		"GET " + objPath:       says(`{` + meta + `,"spec":{"template":{"spec":{` + spec + `}}}}`),
		"GET " + instancePath:  says(`{` + owned + `,"spec":{` + spec + `}}`),
		"GET " + setPath:       says(`{` + meta + `,"spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"spec":{` + spec + `}}}}`),
		"POST " + servicesPath: says("{}"),
	}
}

// service is the body of a Service of the object demo.
func service(kind, spec string) string {
	return fmt.Sprintf(`{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"lab","ownerReferences":[{"apiVersion":"kubevirt.io/v1",`+
		`"kind":%q,"name":"demo","uid":"u","controller":true,"blockOwnerDeletion":false}]},"spec":{%s},"status":{"loadBalancer":{}}}`, kind, spec)
}

func TestExpose(t *testing.T) {
	const byID = `"selector":{"vmi.kubevirt.io/id":"demo"}`
	for _, c := range []struct{ args, body, out, warning string }{
		{"vm demo --port=22", service("VirtualMachine", `"ports":[{"protocol":"TCP","port":22,"targetPort":0}],`+byID+`,"type":"ClusterIP"`),
			"Service web successfully created for vm demo\n", ""},
		{"VM/demo --port=80 --target-port=http --port-name=p --protocol=udp --type=nodeport --cluster-ip=10.0.0.9 --external-ip=192.0.2.1 --ip-family=ipv4,ipv6",
			service("VirtualMachine", `"ports":[{"name":"p","protocol":"UDP","port":80,"targetPort":"http"}],`+byID+`,"clusterIP":"10.0.0.9","type":"NodePort",`+
				`"externalIPs":["192.0.2.1"],"ipFamilies":["IPv4","IPv6"],"ipFamilyPolicy":"PreferDualStack"`),
			"Service web successfully created for vm demo\n", ""},
		{"vm demo", service("VirtualMachine", `"ports":[{"name":"port-1","port":22,"targetPort":0},{"name":"port-2","protocol":"UDP","port":53,"targetPort":0}],`+byID+`,"type":"ClusterIP"`),
			"Service web successfully created for vm demo\n", ""},
		{"vmi demo --port=22 --target-port=2222 --ip-family=ipv6 --ip-family-policy=singlestack", service("VirtualMachineInstance",
			`"ports":[{"protocol":"TCP","port":22,"targetPort":2222}],`+byID+`,"type":"ClusterIP","ipFamilies":["IPv6"],"ipFamilyPolicy":"SingleStack"`),
			"Service web successfully created for vmi demo\n", "Warning: Service web goes with the instance when VM demo stops; virtctl expose vm demo makes one that stays\n"},
		{"vmirs demo", service("VirtualMachineInstanceReplicaSet",
			`"ports":[{"name":"port-1","port":22,"targetPort":0},{"name":"port-2","protocol":"UDP","port":53,"targetPort":0}],"selector":{"app":"web"},"type":"ClusterIP"`),
			"Service web successfully created for vmirs demo\n", ""},
	} {
		cluster := newCluster(t, exposable(listedPorts))
		got := cluster.run(t, strings.Fields("expose "+c.args+" --name=web")...)
		if got.code != 0 || got.out != c.out || got.errOut != c.warning {
			t.Errorf("%s: %+v", c.args, got)
		}
		if seen := cluster.requests(); len(seen) != 2 || seen[1] != (request{"POST", servicesPath, c.body}) {
			t.Errorf("%s: requests %v\nwant %s", c.args, seen, c.body)
		}
	}
}

func TestExposeOfWhatCannotBe(t *testing.T) {
	with := func(path string, answer http.HandlerFunc) map[string]http.HandlerFunc {
		answers := exposable("")
		answers[path] = answer
		return answers
	}
	for _, c := range []struct {
		args    string
		answers map[string]http.HandlerFunc
		want    string
	}{
		{"vm demo", exposable(""), "Error: VirtualMachine demo lists no ports for its pod network in domain.devices.interfaces[].ports; name one with --port\n"},
		{"vm demo --port=1", with("GET "+objPath, refuse(404, "NotFound", "no demo")), "Error from server (NotFound): no demo\n"},
		{"vm demo --port=1", with("POST "+servicesPath, refuse(409, "AlreadyExists", `services "web" already exists`)), "Error from server (AlreadyExists): services \"web\" already exists\n"},
		{"vmirs demo --port=1", map[string]http.HandlerFunc{}, "Error: the cluster does not serve virtualmachineinstancereplicasets.kubevirt.io; expose single virtual machines\n"},
		{"vmirs demo --port=1", with("GET "+setPath, says(`{"spec":{"selector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"Exists"}]}}}`)),
			"Error: expose replica set demo: spec.selector.matchExpressions is set, which no Service can select by\n"},
		{"vmirs demo --port=1", with("GET "+setPath, says(`{"spec":{}}`)), "Error: expose replica set demo: spec.selector.matchLabels is empty, so that no Service can select the instances\n"},
	} {
		got := newCluster(t, c.answers).run(t, strings.Fields("expose "+c.args+" --name=web")...)
		if got.code != 1 || got.out != "" || got.errOut != c.want {
			t.Errorf("%s: %+v, want %q", c.args, got, c.want)
		}
	}
}

func TestVolumesOfMachines(t *testing.T) {
	const claim = `{"persistentVolumeClaim":{"claimName":"data","hotpluggable":true}}`
	for _, c := range []struct {
		args    string
		answers map[string]http.HandlerFunc
		want    request
		out     string
	}{
		{"addvolume demo --volume-name=data", map[string]http.HandlerFunc{"GET " + claimsPath + "/data": says("{}"), "PUT " + vmPath + "addvolume": code(202)},
			request{"PUT", vmPath + "addvolume", `{"name":"data","disk":{"name":"","disk":{"bus":"scsi"},"serial":"data"},"volumeSource":` + claim + `}`},
			"Successfully submitted add volume request to VM demo for volume data\n"},
		{"addvolume demo --volume-name=data --serial=0815 --cache=none --bus=virtio --persist --dry-run",
			map[string]http.HandlerFunc{"GET " + dvPath: says("{}"), "PUT " + vmPath + "addvolume": code(202)},
			request{"PUT", vmPath + "addvolume", `{"name":"data","disk":{"name":"","disk":{"bus":"virtio"},"serial":"0815","cache":"none"},` +
				`"volumeSource":{"dataVolume":{"name":"data","hotpluggable":true}},"dryRun":["All"]}`},
			"Dry Run execution\nSuccessfully submitted add volume request to VM demo for volume data\n"},
		{"addvolume demo --volume-name=data --disk-type=lun", map[string]http.HandlerFunc{
			"GET " + dvPath: refuse(403, "Forbidden", "no"), "GET " + claimsPath + "/data": says("{}"),
			"PUT " + vmPath + "addvolume": refuse(404, "NotFound", "no VM"), "PUT " + vmiPath + "addvolume": code(202)},
			request{"PUT", vmiPath + "addvolume", `{"name":"data","disk":{"name":"","lun":{"bus":"scsi"},"serial":"data"},"volumeSource":` + claim + `}`},
			"Successfully submitted add volume request to VM demo for volume data\n"},
		{"removevolume demo --volume-name=data", map[string]http.HandlerFunc{"PUT " + vmPath + "removevolume": code(202)},
			request{"PUT", vmPath + "removevolume", `{"name":"data"}`}, "Successfully submitted remove volume request to VM demo for volume data\n"},
		{"removevolume demo --volume-name=data --dry-run", map[string]http.HandlerFunc{
			"PUT " + vmPath + "removevolume": refuse(404, "NotFound", "no VM"), "PUT " + vmiPath + "removevolume": code(202)},
			request{"PUT", vmiPath + "removevolume", `{"name":"data","dryRun":["All"]}`},
			"Dry Run execution\nSuccessfully submitted remove volume request to VM demo for volume data\n"},
	} {
		cluster := newCluster(t, c.answers)
		got := cluster.run(t, strings.Fields(c.args)...)
		if got.code != 0 || got.out != c.out || got.errOut != "" {
			t.Errorf("%s: %+v", c.args, got)
		}
		if seen := cluster.requests(); len(seen) == 0 || !reflect.DeepEqual(seen[len(seen)-1], c.want) {
			t.Errorf("%s: requests %v\nwant %v", c.args, seen, c.want)
		}
	}
}

func TestVolumesThatAreRefused(t *testing.T) {
	found := map[string]http.HandlerFunc{"GET " + claimsPath + "/data": says("{}")}
	with := func(path string, answer http.HandlerFunc) map[string]http.HandlerFunc {
		answers := map[string]http.HandlerFunc{path: answer}
		for path, answer := range found {
			answers[path] = answer
		}
		return answers
	}
	for _, c := range []struct {
		args    string
		answers map[string]http.HandlerFunc
		want    string
	}{
		{"addvolume demo --volume-name=data", map[string]http.HandlerFunc{"GET " + claimsPath + "/data": refuse(404, "NotFound", "no")},
			"Error: there is neither a DataVolume nor a PersistentVolumeClaim data in namespace lab\n"},
		{"addvolume demo --volume-name=data", with("PUT "+vmPath+"addvolume", refuse(422, "Invalid", "claims as disks are not supported")),
			"Error from server (Invalid): claims as disks are not supported\n"},
		{"addvolume demo --volume-name=data", with("PUT "+vmPath+"addvolume", refuse(404, "NotFound", "no VM demo")), "Error from server (NotFound): no VM demo\n"},
		{"addvolume vmi/demo --volume-name=data", with("PUT "+vmiPath+"addvolume", refuse(501, "NotImplemented", "not yet")), "Error from server (NotImplemented): not yet\n"},
	} {
		got := newCluster(t, c.answers).run(t, strings.Fields(c.args)...)
		if got.code != 1 || got.out != "" || got.errOut != c.want {
			t.Errorf("%s: %+v, want %q", c.args, got, c.want)
		}
	}
}
