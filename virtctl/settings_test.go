// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const (
	settingsList = "GET /apis/kubevirt.io/v1/kubevirts"
	settingsAt   = "/apis/kubevirt.io/v1/namespaces/virtplane/kubevirts/kubevirt"
)

// configured answers with the settings of an installation.
func configured(configuration string) http.HandlerFunc {
	return says(`{"items":[{"metadata":{"name":"kubevirt","namespace":"virtplane"},"spec":{"configuration":` + configuration + `}}]}`)
}

func TestLogVerbosityIsShown(t *testing.T) {
	const levels = `{"developerConfiguration":{"logVerbosity":{"virtAPI":3,"virtHandler":7}}}`
	for args, want := range map[string]string{
		"--all":                     "virt-api=3\nvirt-controller=default\nvirt-handler=7\nvirt-launcher=default\nvirt-operator=default\n",
		"--virt-handler":            "virt-handler=7\n",
		"--virt-handler --virt-api": "virt-api=3\nvirt-handler=7\n",
		"--all --virt-api":          "virt-api=3\nvirt-controller=default\nvirt-handler=7\nvirt-launcher=default\nvirt-operator=default\n",
	} {
		cluster := newCluster(t, map[string]http.HandlerFunc{settingsList: configured(levels)})
		got := cluster.run(t, strings.Fields("adm log-verbosity "+args)...)
		if got.code != 0 || got.out != want || len(cluster.requests()) != 1 {
			t.Errorf("%s: %+v, %v", args, got, cluster.requests())
		}
	}
	if got := newCluster(t, map[string]http.HandlerFunc{settingsList: configured("{}")}).run(t, "adm", "log-verbosity", "--virt-api"); got.out != "virt-api=default\n" {
		t.Errorf("%+v", got)
	}
}

func TestLogVerbosityIsSet(t *testing.T) {
	patch := func(levels string) string {
		return `{"spec":{"configuration":{"developerConfiguration":{"logVerbosity":` + levels + `}}}}`
	}
	const none = `"nodeVerbosity":null,"virtAPI":null,"virtController":null,`
	for args, want := range map[string]string{
		"--virt-handler=7":             patch(`{"virtHandler":7}`),
		"--virt-api=0":                 patch(`{"virtAPI":0}`),
		"--all=3 --virt-launcher=5":    patch(`{"virtAPI":3,"virtController":3,"virtHandler":3,"virtLauncher":5,"virtOperator":3}`),
		"--reset":                      patch(`{` + none + `"virtHandler":null,"virtLauncher":null,"virtOperator":null}`),
		"--reset --virt-handler=7 -v0": patch(`{` + none + `"virtHandler":7,"virtLauncher":null,"virtOperator":null}`),
	} {
		cluster := newCluster(t, map[string]http.HandlerFunc{
			settingsList: configured("{}"),
			"PATCH " + settingsAt: func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Content-Type"); got != "application/merge-patch+json" {
					t.Errorf("%s: type %s", args, got)
				}
				says("{}")(w, r)
			},
		})
		got := cluster.run(t, strings.Fields("adm log-verbosity "+args)...)
		if got.code != 0 || got.out != "successfully set/reset the log verbosity\n" {
			t.Errorf("%s: %+v", args, got)
		}
		if seen := cluster.requests(); len(seen) != 2 || !reflect.DeepEqual(seen[1], request{"PATCH", settingsAt, want}) {
			t.Errorf("%s: requests %v, want %s", args, seen, want)
		}
	}
}

func TestPermittedDevices(t *testing.T) {
	const devices = `{"permittedHostDevices":{"pciHostDevices":[{"pciVendorSelector":"10DE:1EB8","resourceName":"example.com/gpu"},` +
		`{"pciVendorSelector":"8086:6F54","resourceName":"example.com/nic"}],"mediatedDevices":[{"mdevNameSelector":"GRID","resourceName":"example.com/vgpu"}]` +
		`,"usb":[{"resourceName":"example.com/key"}]}}`
	answers := map[string]http.HandlerFunc{settingsList: configured(devices)}
	want := "Permitted Devices: \nHost Devices: \nexample.com/gpu, example.com/nic \nGPU Devices: \nexample.com/vgpu\nUSB Devices: \nexample.com/key\n"
	if got := newCluster(t, answers).run(t, "permitted-devices"); got.code != 0 || got.out != want {
		t.Errorf("%+v, want %q", got, want)
	}
	if got := newCluster(t, answers).run(t, "permitted-devices", "-o", "yaml"); got.code != 0 || !strings.Contains(got.out, "- mdevNameSelector: GRID\n  resourceName: example.com/vgpu\n") {
		t.Errorf("%+v", got)
	}
	none := newCluster(t, map[string]http.HandlerFunc{settingsList: configured("{}")})
	if got := none.run(t, "permitted-devices"); got.code != 0 || got.out != "Permitted Devices: \nHost Devices: \n \nGPU Devices: \n\n" {
		t.Errorf("%+v", got)
	}
	if got := none.run(t, "permitted-devices", "-o", "json"); got.code != 0 || got.out != "{}\n" {
		t.Errorf("%+v", got)
	}
}

func TestSettingsThatAreNotOne(t *testing.T) {
	for _, c := range []struct {
		answer http.HandlerFunc
		want   string
	}{
		{says(`{"items":[]}`), "no KubeVirt object"},
		{says(`{"items":[{"metadata":{"name":"a","namespace":"x"}},{"metadata":{"name":"b","namespace":"y"}}]}`), "several KubeVirt objects (x/a, y/b)"},
		{refuse(403, "Forbidden", "kubevirts is forbidden"), "Error from server (Forbidden): kubevirts is forbidden"},
	} {
		for _, args := range []string{"permitted-devices", "adm log-verbosity --virt-api=3"} {
			got := newCluster(t, map[string]http.HandlerFunc{settingsList: c.answer}).run(t, strings.Fields(args)...)
			if got.code != 1 || got.out != "" || !strings.Contains(got.errOut, c.want) {
				t.Errorf("%s: %+v, want %q", args, got, c.want)
			}
		}
	}
}
