// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const migrationsPath = "/apis/kubevirt.io/v1/namespaces/lab/virtualmachineinstancemigrations"

func TestVerbsOfRunningGuests(t *testing.T) {
	for _, c := range []struct {
		args string
		want []request
		out  string
	}{
		{"soft-reboot demo", []request{{"PUT", vmiPath + "softreboot", "{}"}}, "VMI demo was scheduled to soft-reboot\n"},
		{"soft-reboot vm/demo", []request{{"PUT", vmiPath + "softreboot", "{}"}}, "VMI demo was scheduled to soft-reboot\n"},
		{"reset demo", []request{{"PUT", vmiPath + "reset", "{}"}}, "VMI demo was scheduled to reset\n"},
		{"freeze demo", []request{{"PUT", vmiPath + "freeze", `{"unfreezeTimeout":"5m0s"}`}}, "VMI demo was scheduled to freeze\n"},
		{"freeze demo --unfreeze-timeout=0", []request{{"PUT", vmiPath + "freeze", `{"unfreezeTimeout":"0s"}`}}, "VMI demo was scheduled to freeze\n"},
		{"unfreeze demo", []request{{"PUT", vmiPath + "unfreeze", "{}"}}, "VMI demo was scheduled to unfreeze\n"},
		{"migrate demo", []request{{"PUT", vmPath + "migrate", "{}"}}, "VM demo was scheduled to migrate\n"},
		{"migrate demo --addedNodeSelector=zone=b,disk=ssd --dry-run",
			[]request{{"PUT", vmPath + "migrate", `{"dryRun":["All"],"addedNodeSelector":{"disk":"ssd","zone":"b"}}`}},
			"Dry Run execution\nVM demo was scheduled to migrate\n"},
		{"migrate-cancel demo", []request{{"GET", migrationsPath, ""}, {"DELETE", migrationsPath + "/second", "{}"}}, "VM demo was scheduled to migrate-cancel\n"},
		{"migrate-cancel vm/demo --dry-run", []request{{"GET", migrationsPath, ""}, {"DELETE", migrationsPath + "/second", `{"dryRun":["All"]}`}},
			"Dry Run execution\nVM demo was scheduled to migrate-cancel\n"},
		{"evacuate-cancel vm demo", []request{{"GET", instancePath, ""}, {"PUT", vmPath + "evacuate/cancel", `{"evacuationNodeName":"node1"}`}},
			"Evacuation of VM demo was canceled\n"},
		{"evacuate-cancel vmi/demo --dry-run", []request{{"GET", instancePath, ""}, {"PUT", vmiPath + "evacuate/cancel", `{"dryRun":["All"],"evacuationNodeName":"node1"}`}},
			"Dry Run execution\nEvacuation of VMI demo was canceled\n"},
	} {
		answers := map[string]http.HandlerFunc{
			"GET " + migrationsPath: func(w http.ResponseWriter, r *http.Request) {
				if got := r.URL.Query().Get("labelSelector"); got != "kubevirt.io/vmi-name=demo" {
					t.Errorf("%s: label selector %q", c.args, got)
				}
				says(`{"items":[{"metadata":{"name":"first"},"status":{"phase":"Failed"}},{"metadata":{"name":"second"},"status":{"phase":"Running"}}]}`)(w, r)
			},
			"DELETE " + migrationsPath + "/second": says("{}"),
			"GET " + instancePath:                  says(`{"status":{"evacuationNodeName":"node1"}}`),
			"PUT " + vmPath + "migrate":            code(202),
			"PUT " + vmPath + "evacuate/cancel":    code(200),
			"PUT " + vmiPath + "evacuate/cancel":   code(200),
		}
		for _, verb := range []string{"softreboot", "reset", "freeze", "unfreeze"} {
			answers["PUT "+vmiPath+verb] = code(200)
		}
		cluster := newCluster(t, answers)
		got := cluster.run(t, strings.Fields(c.args)...)
		if got.code != 0 || got.out != c.out || got.errOut != "" {
			t.Errorf("%s: %+v, want out %q", c.args, got, c.out)
		}
		if !reflect.DeepEqual(cluster.requests(), c.want) {
			t.Errorf("%s: requests %v, want %v", c.args, cluster.requests(), c.want)
		}
	}
}

func TestVerbsThatAreRefused(t *testing.T) {
	missing := refuse(404, "NotFound", `virtualmachineinstance.kubevirt.io "demo" not found`)
	for _, c := range []struct {
		args    string
		answers map[string]http.HandlerFunc
		want    string
	}{
		{"reset demo", map[string]http.HandlerFunc{"PUT " + vmiPath + "reset": missing, "GET " + objPath: says("{}")},
			"Error: reset VM demo: it is not running (virtctl start demo)\n"},
		{"migrate demo", map[string]http.HandlerFunc{"PUT " + vmPath + "migrate": refuse(501, "NotImplemented", "live migration is not implemented by this version of virtplane")},
			"Error from server (NotImplemented): live migration is not implemented by this version of virtplane\n"},
		{"migrate-cancel demo", nil, "Error: the cluster has no live migration: it does not serve virtualmachineinstancemigrations.kubevirt.io\n"},
		{"migrate-cancel demo", map[string]http.HandlerFunc{"GET " + migrationsPath: says(`{"items":[{"metadata":{"name":"a"},"status":{"phase":"Succeeded"}}]}`)},
			"Error: migrate-cancel VM demo: no migration of it is under way\n"},
		{"evacuate-cancel vm demo", map[string]http.HandlerFunc{"GET " + instancePath: missing, "GET " + objPath: says("{}")},
			"Error: evacuate-cancel VM demo: it is not running (virtctl start demo)\n"},
		{"evacuate-cancel vmi demo", map[string]http.HandlerFunc{"GET " + instancePath: says("{}"),
			"PUT " + vmiPath + "evacuate/cancel": refuse(400, "BadRequest", `Node "n" has NodeDrainTaintKey "kubevirt.io/drain"`)},
			"Error from server (BadRequest): Node \"n\" has NodeDrainTaintKey \"kubevirt.io/drain\"\n"},
	} {
		got := newCluster(t, c.answers).run(t, strings.Fields(c.args)...)
		if got.code != 1 || got.out != "" || got.errOut != c.want {
			t.Errorf("%s: %+v, want %q", c.args, got, c.want)
		}
	}
}

// TestMistakesAreFoundBeforeAnyRequest goes through the flags and arguments of the commands about data.
func TestMistakesAreFoundBeforeAnyRequest(t *testing.T) {
	cluster := newCluster(t, nil)
	for args, want := range map[string]string{
		"guestosinfo":                                                 "an argument is missing",
		"userlist a b":                                                `unexpected argument "b"`,
		"fslist pod/demo":                                             `kind "pod" is not supported`,
		"reset ../demo":                                               `kind ".." is not supported`,
		"reset ..":                                                    "not a valid name",
		"freeze demo --unfreeze-timeout=-1s":                          "cannot be negative",
		"freeze demo --unfreeze-timeout=soon":                         "invalid argument",
		"migrate vmi/demo":                                            "works on virtual machines",
		"migrate demo --addedNodeSelector=zone":                       "must be formatted as key=value",
		"evacuate-cancel":                                             "an argument is missing",
		"expand":                                                      "either --vm or --file",
		"expand --vm=a --file=b":                                      "either --vm or --file",
		"expand --vm=a/b":                                             `kind "a" is not supported`,
		"expand --vm=demo -o table":                                   "use yaml or json",
		"expand --file=/does/not/exist":                               "read manifest: open /does/not/exist",
		"objectgraph":                                                 "an argument is missing",
		"objectgraph demo -o xml":                                     "use json, yaml or table",
		"permitted-devices demo":                                      `unexpected argument "demo"`,
		"permitted-devices -o table":                                  "use json or yaml",
		"adm nonsense":                                                "unknown command",
		"adm log-verbosity":                                           "name a component",
		"adm log-verbosity --virt-api=10":                             "--virt-api=10: the level has to be 0 to 9",
		"adm log-verbosity --all=-1":                                  "--all=-1: the level has to be 0 to 9",
		"adm log-verbosity --virt-api=":                               "--virt-api=: the level has to be 0 to 9",
		"adm log-verbosity --virt-api --virt-handler=3":               "either shown or set",
		"adm log-verbosity --all --virt-handler=3":                    "either shown or set",
		"adm log-verbosity --all=3 --virt-handler":                    "either shown or set",
		"adm log-verbosity --reset --virt-api":                        "either shown or set",
		"adm log-verbosity --reset --all=3":                           "exclude each other",
		"adm log-verbosity --virt-api 5":                              `unexpected argument "5"`,
		"expose vm demo":                                              "--name is missing",
		"expose demo --name=a --port=1":                               "name what to expose",
		"expose pod demo --name=a --port=1":                           `kind "pod" is not supported`,
		"expose vmirs .. --name=a --port=1":                           "not a valid name",
		"expose vmirs/ --name=a --port=1":                             "is empty",
		"expose vm demo --name=a --port=0":                            "1 to 65535",
		"expose vm demo --name=a --port=65536":                        "1 to 65535",
		"expose vm demo --name=a --port=80 --target-port=0":           "1 to 65535",
		"expose vm demo --name=a --target-port=80":                    "go with --port",
		"expose vm demo --name=a --protocol=sctp":                     "use one of TCP, UDP",
		"expose vm demo --name=a --type=ExternalName":                 "use one of ClusterIP, NodePort, LoadBalancer",
		"expose vm demo --name=a --ip-family=ipv5":                    "use one of IPv4, IPv6",
		"expose vm demo --name=a --ip-family=ipv4,ipv4":               "named twice",
		"expose vm demo --name=a --ip-family-policy=x":                "use one of SingleStack",
		"addvolume demo":                                              "--volume-name is missing",
		"addvolume demo --volume-name=a/b":                            "not a valid name",
		"addvolume demo --volume-name=a --cache=fast":                 "use none, writethrough or writeback",
		"addvolume demo --volume-name=a --bus=sata":                   "use scsi or virtio",
		"addvolume demo --volume-name=a --disk-type=cdrom":            "use disk or lun",
		"addvolume demo --volume-name=a --disk-type=lun --bus=virtio": "a lun needs scsi",
		"removevolume demo":                                           "--volume-name is missing",
		"memory-dump download demo":                                   "unknown command",
		"memory-dump get vmi/demo":                                    "works on virtual machines",
		"memory-dump get demo --create-claim":                         "--claim-name is missing",
		"memory-dump get demo --storage-class=fast":                   "go with --create-claim",
		"memory-dump get demo --claim-name=..":                        "not a valid name",
		"memory-dump get demo --claim-name=a --create-claim --access-mode=ReadOnlyMany": "has to be written",
		"memory-dump get demo --claim-name=a --create-claim --access-mode=rw":           "use ReadWriteOnce or ReadWriteMany",
	} {
		got := cluster.run(t, strings.Fields(args)...)
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, want) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
	if seen := cluster.requests(); len(seen) > 0 {
		t.Errorf("requests were sent: %v", seen)
	}
}
