// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"strings"
	"testing"
)

// servedVerbs are the subresources that both groups serve, with their kind and their verbs.
var servedVerbs = map[string]string{
	"virtualmachines/start":            "StartOptions update",
	"virtualmachines/stop":             "StopOptions update",
	"virtualmachines/restart":          "RestartOptions update",
	"virtualmachines/migrate":          "MigrateOptions update",
	"virtualmachines/memorydump":       "VirtualMachineMemoryDumpRequest update",
	"virtualmachines/removememorydump": "VirtualMachine update",
	"virtualmachines/addvolume":        "AddVolumeOptions update",
	"virtualmachines/removevolume":     "RemoveVolumeOptions update",
	"virtualmachines/expand-spec":      "VirtualMachine get",
	"virtualmachines/objectgraph":      "ObjectGraphNode get",
	"virtualmachines/log":              "VirtualMachine get",
	"virtualmachines/portforward":      "VirtualMachine get",
	"virtualmachines/evacuate":         "EvacuateCancelOptions update",

	"virtualmachineinstances/console":             "ConsoleOptions get",
	"virtualmachineinstances/log":                 "VirtualMachineInstance get",
	"virtualmachineinstances/vnc":                 "VirtualMachineInstance get",
	"virtualmachineinstances/usbredir":            "VirtualMachineInstance get",
	"virtualmachineinstances/vsock":               "VirtualMachineInstance get",
	"virtualmachineinstances/portforward":         "VirtualMachineInstance get",
	"virtualmachineinstances/pause":               "PauseOptions update",
	"virtualmachineinstances/unpause":             "UnpauseOptions update",
	"virtualmachineinstances/freeze":              "FreezeUnfreezeTimeout update",
	"virtualmachineinstances/unfreeze":            "VirtualMachineInstance update",
	"virtualmachineinstances/reset":               "VirtualMachineInstance update",
	"virtualmachineinstances/softreboot":          "VirtualMachineInstance update",
	"virtualmachineinstances/guestosinfo":         "VirtualMachineInstanceGuestAgentInfo get",
	"virtualmachineinstances/userlist":            "VirtualMachineInstanceGuestOSUserList get",
	"virtualmachineinstances/filesystemlist":      "VirtualMachineInstanceFileSystemList get",
	"virtualmachineinstances/addvolume":           "AddVolumeOptions update",
	"virtualmachineinstances/removevolume":        "RemoveVolumeOptions update",
	"virtualmachineinstances/objectgraph":         "ObjectGraphNode get",
	"virtualmachineinstances/evacuate":            "EvacuateCancelOptions update",
	"virtualmachineinstances/backup":              "BackupOptions update",
	"virtualmachineinstances/redefine-checkpoint": "BackupCheckpoint update",
	"virtualmachineinstances/sev":                 "VirtualMachineInstance get update",
}

func TestEveryVerbIsDocumented(t *testing.T) {
	page := string(must(os.ReadFile("../../docs/subresources.md"))(t))
	for name := range servedVerbs {
		_, verb, _ := strings.Cut(name, "/")
		if !strings.Contains(page, "`"+verb+"`") && !strings.Contains(page, "`"+verb+"/") {
			t.Errorf("docs/subresources.md does not tell of %s", name)
		}
	}
}
