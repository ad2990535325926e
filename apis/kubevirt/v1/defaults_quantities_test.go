// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"encoding/json"
	"strings"
	"testing"
)

const largest = "9223372036854775807"

// TestHugeQuantitiesAreCapped holds that an exponent costs nobody more than its digits: each of these took minutes to compare.
func TestHugeQuantitiesAreCapped(t *testing.T) {
	spec := `{"domain": {
		"resources": {"requests": {"memory": "Q", "cpu": "Q"}, "limits": {"memory": "Q"}},
		"memory": {"guest": "Q", "maxGuest": "Q", "reservedOverhead": {"addedOverhead": "Q"}}},
		"volumes": [{"name": "a", "emptyDisk": {"capacity": "Q"}}, {"name": "b", "hostDisk": {"capacity": "Q"}},
			{"name": "c", "downwardAPI": {"fields": [{"resourceFieldRef": {"divisor": "Q"}}]}}]}`
	status := `{"memory": {"guestAtBoot": "Q", "guestCurrent": "Q", "guestRequested": "Q", "memoryOverhead": "Q"},
		"migrationState": {"targetMemoryOverhead": "Q", "migrationConfiguration": {"bandwidthPerMigration": "Q"}}}`
	settings := `{"cpuRequest": "Q", "migrations": {"bandwidthPerMigration": "Q"}, "liveUpdateConfiguration": {"maxGuest": "Q"},
		"developerConfiguration": {"diskVerification": {"memoryLimit": "Q"}},
		"supportContainerResources": [{"type": "a", "resources": {"requests": {"cpu": "Q"}, "limits": {"cpu": "Q"}}}],
		"network": {"binding": {"a": {"computeResourceOverhead": {"requests": {"cpu": "Q"}, "limits": {"cpu": "Q"}}}}}}`
	claims := `[{"spec": {"pvc": {"resources": {"requests": {"storage": "Q"}}}, "storage": {"resources": {"limits": {"storage": "Q"}}}}}]`
	for written, want := range map[string]string{"1e999999999": largest, "-3E777777777": "-" + largest, "1e40": largest, "0e999999999": "0", "1500m": "1500m"} {
		for _, c := range []struct {
			text string
			into any
		}{
			{`{"spec": ` + spec + `, "status": ` + status + `}`, &VirtualMachineInstance{}},
			{`{"spec": {"template": {"spec": ` + spec + `}, "dataVolumeTemplates": ` + claims + `}}`, &VirtualMachine{}},
			{`{"spec": {"configuration": ` + settings + `}}`, &KubeVirt{}},
		} {
			if err := json.Unmarshal([]byte(strings.ReplaceAll(c.text, "Q", written)), c.into); err != nil {
				t.Fatal(err)
			}
			switch obj := c.into.(type) {
			case *VirtualMachineInstance:
				SetDefaults_VirtualMachineInstance(obj)
			case *VirtualMachine:
				SetDefaults_VirtualMachine(obj)
			case *KubeVirt:
				SetDefaults_KubeVirt(obj)
			}
			data, err := json.Marshal(c.into)
			if err != nil {
				t.Fatal(err)
			}
			if got, n := strings.Count(string(data), `"`+want+`"`), strings.Count(c.text, "Q"); got != n {
				t.Errorf("%T, %s: %d of %d are %s: %s", c.into, written, got, n, want, data)
			}
		}
	}
}
