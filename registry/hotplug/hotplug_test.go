// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestOptionsOfAVolume(t *testing.T) {
	for body, want := range map[string]string{
		"":                          "Request with no body, a new name is expected as the request body",
		`{}`:                        "AddVolumeOptions requires name to be set",
		`{"name":"data"}`:           "AddVolumeOptions requires disk to not be nil",
		`{"name":"data","disk":{}}`: "AddVolumeOptions requires VolumeSource to not be nil",
		`{"name":"data","disk":{},"volumeSource":{}}`: "AddVolumeOptions requires one of volumeSource.persistentVolumeClaim and volumeSource.dataVolume to be set",
		`{"name":"data","dryRun":["Some"]}`:           `dryRun: "Some" is not supported; the only value is All`,
		`{"name":"data","disk":{"name":"other"},"volumeSource":{"persistentVolumeClaim":{"claimName":"c"}}}`: "",
	} {
		_, err := ReadAdd(httptest.NewRequest("PUT", "/", strings.NewReader(body)))
		if want == "" && err != nil || want != "" && (!apierrors.IsBadRequest(err) || err.Error() != want) {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
	for body, want := range map[string]string{
		"": "Request with no body, a new name is expected as the request body", `{}`: "RemoveVolumeOptions requires name to be set", `name: data`: "",
	} {
		_, err := ReadRemove(httptest.NewRequest("PUT", "/", strings.NewReader(body)))
		if want == "" && err != nil || want != "" && (!apierrors.IsBadRequest(err) || err.Error() != want) {
			t.Errorf("remove %s: %v, want %s", body, err, want)
		}
	}
}

func TestAnAddedVolumeCanBeRemovedAgain(t *testing.T) {
	options := &v1.AddVolumeOptions{Name: "data", Disk: &v1.Disk{Name: "other", Serial: "s"}, VolumeSource: &v1.HotplugVolumeSource{DataVolume: &v1.DataVolumeSource{Name: "dv"}}}
	volume, disk := Added(options)
	if volume.Name != "data" || disk.Name != "data" || disk.Serial != "s" || !volume.DataVolume.Hotpluggable {
		t.Errorf("volume %+v, disk %+v", volume, disk)
	}
	if options.Disk.Name != "other" || options.VolumeSource.DataVolume.Hotpluggable {
		t.Error("the options were changed")
	}
	if found, problem := CheckRemove([]v1.Volume{volume}, "data"); problem != "" || found.Name != "data" {
		t.Errorf("by name: %q, %s", found.Name, problem)
	}
	if found, problem := CheckRemove([]v1.Volume{volume}, "dv"); problem != "" || found.Name != "data" {
		t.Errorf("by claim: %q, %s", found.Name, problem)
	}
}

func TestVolumesThatAreInTheWay(t *testing.T) {
	claim := func(name, claim string) v1.Volume {
		v := v1.Volume{Name: name}
		v.PersistentVolumeClaim = &v1.PersistentVolumeClaimVolumeSource{}
		v.PersistentVolumeClaim.ClaimName = claim
		return v
	}
	volumes := []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "i"}}}, claim("data", "c")}
	for _, c := range []struct {
		added v1.Volume
		want  string
	}{
		{claim("root", "d"), "Unable to add volume [root] because volume with that name already exists"},
		{claim("more", "c"), "Unable to add volume source [c] because it already exists"},
		{claim("more", "d"), ""},
	} {
		if got := CheckAdd(volumes, c.added); got != c.want {
			t.Errorf("add %s: %q, want %q", c.added.Name, got, c.want)
		}
	}
	for name, want := range map[string]string{
		"nothing": "Unable to remove volume [nothing] because it does not exist",
		"root":    "Unable to remove volume [root] because it is not hotpluggable",
		"c":       "Unable to remove volume [data] because it is not hotpluggable",
	} {
		if _, got := CheckRemove(volumes, name); got != want {
			t.Errorf("remove %s: %q, want %q", name, got, want)
		}
	}
}
