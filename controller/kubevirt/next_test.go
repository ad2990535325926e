// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func all(change func(server, plugin *Part)) []Part {
	server := Part{Name: "virt-apiserver", Exists: true, Wanted: 1, Ready: 1, Updated: 1, Seen: true}
	plugin := Part{Name: "virt-nodeplugin", Exists: true, Wanted: 3, Ready: 3, Updated: 3, Seen: true}
	change(&server, &plugin)
	return []Part{server, plugin}
}

// told is a status in one line for each thing that it says.
func told(s v1.KubeVirtStatus) string {
	out := []string{fmt.Sprintf("%s, observed %q, target %q", s.Phase, s.ObservedKubeVirtVersion, s.TargetKubeVirtVersion)}
	for _, c := range s.Conditions {
		out = append(out, fmt.Sprintf("%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(out, "\n")
}

func TestTheStatusTellsHowTheInstallationFares(t *testing.T) {
	const allIsWell = `Deployed, observed "v2", target "v2"
Available=True AllComponentsReady: Each component has a ready pod.
Progressing=False AllComponentsUpdated: All components are up to date.
Degraded=False AllComponentsReady: All components are ready.
Created=True AllResourcesCreated: All resources were created.`
	deployed := v1.KubeVirtStatus{Phase: v1.KubeVirtPhaseDeployed, ObservedKubeVirtVersion: "v1"}
	for _, c := range []struct {
		name   string
		before v1.KubeVirtStatus
		parts  []Part
		want   string
	}{
		{"all is well", v1.KubeVirtStatus{}, all(func(_, _ *Part) {}), allIsWell},
		{"all is well after an upgrade", deployed, all(func(_, _ *Part) {}), allIsWell},
		{"right after the installation", v1.KubeVirtStatus{}, all(func(_, plugin *Part) { plugin.Ready, plugin.Updated = 0, 1 }),
			`Deploying, observed "", target "v2"
Available=False ComponentsNotReady: no pod of virt-nodeplugin is ready
Progressing=True DeploymentInProgress: 1 of 3 pods of virt-nodeplugin are up to date
Degraded=True ComponentsNotReady: 0 of 3 pods of virt-nodeplugin are ready
Created=True AllResourcesCreated: All resources were created.`},
		{"during an upgrade", deployed, all(func(_, plugin *Part) { plugin.Ready, plugin.Updated = 2, 1 }),
			`Deployed, observed "v1", target "v2"
Available=True AllComponentsReady: Each component has a ready pod.
Progressing=True UpdateInProgress: 1 of 3 pods of virt-nodeplugin are up to date
Degraded=True ComponentsNotReady: 2 of 3 pods of virt-nodeplugin are ready
Created=True AllResourcesCreated: All resources were created.`},
		{"a change that nobody has acted on", deployed, all(func(server, _ *Part) { server.Seen = false }),
			`Deployed, observed "v1", target "v2"
Available=True AllComponentsReady: Each component has a ready pod.
Progressing=True UpdateInProgress: virt-apiserver has changed
Degraded=False AllComponentsReady: All components are ready.
Created=True AllResourcesCreated: All resources were created.`},
		{"the node plugins of some nodes are down", deployed, all(func(_, plugin *Part) { plugin.Ready = 1 }),
			`Deployed, observed "v1", target "v2"
Available=True AllComponentsReady: Each component has a ready pod.
Progressing=False AllComponentsUpdated: All components are up to date.
Degraded=True ComponentsNotReady: 1 of 3 pods of virt-nodeplugin are ready
Created=True AllResourcesCreated: All resources were created.`},
		{"nothing is left", deployed, all(func(server, plugin *Part) { *server, *plugin = Part{Name: server.Name}, Part{Name: plugin.Name} }),
			`Deployed, observed "v1", target "v2"
Available=False ComponentsNotReady: virt-apiserver does not exist; virt-nodeplugin does not exist
Progressing=True UpdateInProgress: virt-apiserver does not exist; virt-nodeplugin does not exist
Degraded=True ComponentsNotReady: virt-apiserver does not exist; virt-nodeplugin does not exist
Created=False ComponentsMissing: virt-apiserver does not exist; virt-nodeplugin does not exist`},
		{"no node is for guests", deployed, all(func(_, plugin *Part) { plugin.Wanted, plugin.Ready, plugin.Updated = 0, 0, 0 }),
			`Deployed, observed "v2", target "v2"
Available=False ComponentsNotReady: virt-nodeplugin shall run nowhere
Progressing=False AllComponentsUpdated: All components are up to date.
Degraded=False AllComponentsReady: All components are ready.
Created=True AllResourcesCreated: All resources were created.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			kv := &v1.KubeVirt{Status: c.before}
			kv.Generation = 7
			got := Next(State{KubeVirt: kv, Parts: c.parts, Version: "v2", Image: "example.com/virt/virt-launcher:2", Outdated: 4, Now: time.Unix(1000, 0)})
			if told(got) != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", told(got), c.want)
			}
			if *got.ObservedGeneration != 7 || *got.OutdatedVirtualMachineInstanceWorkloads != 4 || got.OperatorVersion != "v2" ||
				got.DefaultArchitecture != "amd64" || got.TargetKubeVirtRegistry != "example.com/virt" {
				t.Errorf("got %+v", got)
			}
			if kv.Status.OperatorVersion != "" {
				t.Error("the object itself has changed")
			}
		})
	}
}

func TestAStatusThatStaysTheSameIsNotWritten(t *testing.T) {
	state := State{KubeVirt: &v1.KubeVirt{}, Parts: all(func(_, _ *Part) {}), Version: "v2", Now: time.Unix(1000, 0)}
	state.KubeVirt.Status = Next(state)
	state.Now = time.Unix(2000, 0)
	if got := Next(state); !equality.Semantic.DeepEqual(state.KubeVirt.Status, got) {
		t.Errorf("the status changes with the time alone: %+v", got)
	}
	state.Parts = all(func(_, plugin *Part) { plugin.Ready = 2 })
	first := Next(state)
	degraded := (&v1.KubeVirt{Status: first}).Condition(v1.KubeVirtConditionDegraded)
	if degraded.LastTransitionTime.Unix() != 2000 || degraded.LastProbeTime.Unix() != 2000 {
		t.Errorf("times of the change: %+v", degraded)
	}
	state.KubeVirt = &v1.KubeVirt{Status: first}
	state.Parts, state.Now = all(func(_, plugin *Part) { plugin.Ready = 1 }), time.Unix(3000, 0)
	degraded = (&v1.KubeVirt{Status: Next(state)}).Condition(v1.KubeVirtConditionDegraded)
	if degraded.LastTransitionTime.Unix() != 2000 || degraded.LastProbeTime.Unix() != 3000 {
		t.Errorf("times when only the message changes: %+v", degraded)
	}
}

func TestPartsAreReadFromTheirWorkloads(t *testing.T) {
	d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: ptr.To(int32(2))}, Status: appsv1.DeploymentStatus{ReadyReplicas: 1, UpdatedReplicas: 2, ObservedGeneration: 4}}
	d.Generation = 5
	s := &appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{ReadyReplicas: 1, UpdatedReplicas: 1, ObservedGeneration: 5}}
	s.Generation = 5
	n := &appsv1.DaemonSet{Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, NumberReady: 2, UpdatedNumberScheduled: 1}}
	for name, c := range map[string]struct{ got, want Part }{
		"Deployment":  {Deployment("x", d), Part{Name: "x", Exists: true, Wanted: 2, Ready: 1, Updated: 2}},
		"StatefulSet": {StatefulSet("x", s), Part{Name: "x", Exists: true, Wanted: 1, Ready: 1, Updated: 1, Seen: true}},
		"DaemonSet":   {DaemonSet("x", n), Part{Name: "x", Exists: true, Wanted: 3, Ready: 2, Updated: 1, Seen: true}},
		"none":        {Deployment("x", nil), Part{Name: "x"}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
}
