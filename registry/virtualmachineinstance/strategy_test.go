// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func stored() *v1.VirtualMachineInstance {
	grace := int64(30)
	return &v1.VirtualMachineInstance{
		ObjectMeta: metav1.ObjectMeta{
			Name: "demo", Namespace: "default", ResourceVersion: "7", Generation: 1,
			Labels: map[string]string{"app": "web"}, Finalizers: []string{v1.VirtualMachineInstanceFinalizer},
		},
		Spec:   v1.VirtualMachineInstanceSpec{TerminationGracePeriodSeconds: &grace},
		Status: v1.VirtualMachineInstanceStatus{Phase: v1.Scheduling},
	}
}

// settings are those of the installation in tests.
type settings struct{ config.InstanceDefaults }

func (settings) Wait(context.Context) error { return nil }

func (s settings) Current() config.Config { return config.Config{Instances: s.InstanceDefaults} }

func TestSettingsDecideOnceWhatTheUserLeavesOut(t *testing.T) {
	rules := strategy{settings: settings{config.InstanceDefaults{CPUModel: "Nehalem"}}}
	written, vmi := &v1.VirtualMachineInstance{}, &v1.VirtualMachineInstance{}
	v1.SetDefaults_VirtualMachineInstance(written)
	written.DeepCopyInto(vmi)
	rules.PrepareForCreate(t.Context(), vmi)
	if model := vmi.Spec.Domain.CPU.Model; model != "Nehalem" {
		t.Errorf("CPU model %q", model)
	}
	later := strategy{settings: settings{config.InstanceDefaults{CPUModel: "EPYC"}}}
	later.PrepareForUpdate(t.Context(), written, vmi)
	if diff := cmp.Diff(vmi.Spec, written.Spec); diff != "" {
		t.Errorf("the same manifest is another instance under other settings (- before, + after):\n%s", diff)
	}
}

func TestCreateBeginsThePendingPhase(t *testing.T) {
	vmi := stored()
	vmi.Finalizers, vmi.Generation = nil, 5
	vmi.Status = v1.VirtualMachineInstanceStatus{Phase: v1.Running, NodeName: "node1"}
	strategy{settings: settings{}}.PrepareForCreate(t.Context(), vmi)
	if vmi.Generation != 1 || !slices.Equal(vmi.Finalizers, []string{v1.VirtualMachineInstanceFinalizer}) {
		t.Errorf("generation %d, finalizers %v", vmi.Generation, vmi.Finalizers)
	}
	if len(vmi.Status.PhaseTransitionTimestamps) != 1 || vmi.Status.PhaseTransitionTimestamps[0].Phase != v1.Pending ||
		time.Since(vmi.Status.PhaseTransitionTimestamps[0].PhaseTransitionTimestamp.Time) > time.Minute {
		t.Errorf("phase transitions %v", vmi.Status.PhaseTransitionTimestamps)
	}
	vmi.Status.PhaseTransitionTimestamps = nil
	if diff := cmp.Diff(v1.VirtualMachineInstanceStatus{Phase: v1.Pending, RuntimeUser: 107}, vmi.Status); diff != "" {
		t.Errorf("status (- want, + got):\n%s", diff)
	}
}

func TestTheMainResourceKeepsTheStatus(t *testing.T) {
	old := stored()
	vmi := old.DeepCopy()
	vmi.Status, vmi.Generation = v1.VirtualMachineInstanceStatus{Phase: v1.Failed}, 9
	vmi.Labels["app"] = "db"
	strategy{}.PrepareForUpdate(t.Context(), vmi, old)
	want := old.DeepCopy()
	want.Labels["app"] = "db"
	if diff := cmp.Diff(want, vmi); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestTheStatusResourceKeepsEverythingElse(t *testing.T) {
	old := stored()
	vmi := old.DeepCopy()
	grace := int64(0)
	vmi.Spec.TerminationGracePeriodSeconds = &grace
	vmi.Labels["app"], vmi.Finalizers, vmi.Generation = "db", nil, 9
	vmi.Status.Phase = v1.Failed
	vmi.ResourceVersion, vmi.ManagedFields = "8", []metav1.ManagedFieldsEntry{{Manager: "plugin"}}
	statusRules(strategy{}).PrepareForUpdate(t.Context(), vmi, old)
	want := old.DeepCopy()
	want.Status.Phase = v1.Failed
	want.ResourceVersion, want.ManagedFields = "8", []metav1.ManagedFieldsEntry{{Manager: "plugin"}}
	if diff := cmp.Diff(want, vmi); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestTheNodeLabelFollowsTheStatus(t *testing.T) {
	for _, c := range []struct {
		name   string
		before map[string]string
		node   string
		want   map[string]string
	}{
		{"no node", map[string]string{"app": "web"}, "", map[string]string{"app": "web"}},
		{"first label", nil, "node1", map[string]string{v1.NodeNameLabel: "node1"}},
		{"one more label", map[string]string{"app": "web"}, "node1", map[string]string{"app": "web", v1.NodeNameLabel: "node1"}},
		{"other node", map[string]string{v1.NodeNameLabel: "node1"}, "node2", map[string]string{v1.NodeNameLabel: "node2"}},
		{"no node any more", map[string]string{"app": "web", v1.NodeNameLabel: "node1"}, "", map[string]string{"app": "web"}},
		{"node whose name is too long for a label", nil, strings.Repeat("n", 64), nil},
	} {
		old := stored()
		old.Labels = c.before
		vmi := old.DeepCopy()
		vmi.Status.NodeName = c.node
		statusRules(strategy{}).PrepareForUpdate(t.Context(), vmi, old)
		if diff := cmp.Diff(c.want, vmi.Labels); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", c.name, diff)
		}
	}
}

func TestTheGracePeriodIsAllThatStopChanges(t *testing.T) {
	old := stored()
	vmi := old.DeepCopy()
	grace := int64(1)
	vmi.Spec.TerminationGracePeriodSeconds, vmi.Spec.Hostname = &grace, "other"
	vmi.Status.Phase = v1.Failed
	graceStrategy{}.PrepareForUpdate(t.Context(), vmi, old)
	want := old.DeepCopy()
	want.Spec.TerminationGracePeriodSeconds, want.Generation = &grace, 2
	if diff := cmp.Diff(want, vmi); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestTable(t *testing.T) {
	up := stored()
	up.CreationTimestamp = metav1.NewTime(time.Now().Add(-3 * time.Minute))
	up.Status = v1.VirtualMachineInstanceStatus{
		Phase: v1.Running, NodeName: "node1",
		Interfaces: []v1.VirtualMachineInstanceNetworkInterface{{IP: "198.51.100.7"}, {IP: "198.51.100.8"}},
		Conditions: []v1.VirtualMachineInstanceCondition{
			{Type: v1.VirtualMachineInstanceReady, Status: v1.ConditionTrue},
			{Type: v1.VirtualMachineInstancePaused, Status: v1.ConditionFalse},
			{Type: "LiveMigratable", Status: v1.ConditionUnknown},
		},
		CurrentCPUTopology: &v1.CPUTopology{Cores: 2, Sockets: 4},
		Memory:             &v1.MemoryStatus{GuestCurrent: ptr.To(resource.MustParse("1Gi"))},
		GuestOSInfo:        v1.VirtualMachineInstanceGuestOSInfo{PrettyName: "Debian GNU/Linux 13"},
	}
	got, err := table.ConvertToTable(t.Context(), &v1.VirtualMachineInstanceList{Items: []v1.VirtualMachineInstance{*up, *stored()}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var plain, wide []string
	for _, c := range got.ColumnDefinitions {
		if c.Priority == 0 {
			plain = append(plain, c.Name)
		} else {
			wide = append(wide, c.Name)
		}
	}
	if want := []string{"Name", "Age", "Phase", "IP", "NodeName", "Ready"}; !slices.Equal(plain, want) {
		t.Errorf("columns %v, want %v", plain, want)
	}
	if want := []string{"Live-Migratable", "Paused", "CPUs", "Memory", "Guest"}; !slices.Equal(wide, want) {
		t.Errorf("wide columns %v, want %v", wide, want)
	}
	for i, want := range [][]any{
		{"demo", "3m", "Running", "198.51.100.7", "node1", "True", "Unknown", "False", "8", "1Gi", "Debian GNU/Linux 13"},
		{"demo", "<unknown>", "Scheduling", "", "", "", "", "", "", "", ""},
	} {
		if diff := cmp.Diff(want, got.Rows[i].Cells); diff != "" {
			t.Errorf("row %d (- want, + got):\n%s", i, diff)
		}
	}
	if _, err := table.ConvertToTable(t.Context(), &v1.VirtualMachineList{Items: make([]v1.VirtualMachine, 1)}, nil); err == nil {
		t.Error("another kind was printed as an instance")
	}
}

func TestInstancesAreSelectedByNodeAndPhase(t *testing.T) {
	vmi := stored()
	vmi.Status.NodeName, vmi.Status.Phase = "node1", v1.Running
	for selector, want := range map[string]bool{
		"status.nodeName=node1":                      true,
		"status.nodeName=node2":                      false,
		"status.nodeName=node1,status.phase=Running": true,
		"status.phase!=Running":                      false,
		"metadata.name=demo":                         true,
		"metadata.namespace=other":                   false,
	} {
		field, err := fields.ParseSelector(selector)
		if err != nil {
			t.Fatal(err)
		}
		got, err := func() (bool, error) { p := match(labels.Everything(), field); return p.Matches(vmi) }()
		if err != nil || got != want {
			t.Errorf("%s: %t, %v, want %t", selector, got, err, want)
		}
	}
	if got, err := nodeNameIndex(vmi); err != nil || !slices.Equal(got, []string{"node1"}) {
		t.Errorf("index %v, %v", got, err)
	}
	if _, err := nodeNameIndex(&v1.VirtualMachine{}); err == nil {
		t.Error("another kind is in the index")
	}
}

func TestOtherFieldsCannotBeSelected(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	if err := AddFieldLabels(scheme); err != nil {
		t.Fatal(err)
	}
	kind := v1.SchemeGroupVersion.WithKind("VirtualMachineInstance")
	for _, label := range []string{"metadata.name", "metadata.namespace", "status.nodeName", "status.phase"} {
		if _, _, err := scheme.ConvertFieldLabel(kind, label, "x"); err != nil {
			t.Errorf("%s: %v", label, err)
		}
	}
	_, _, err := scheme.ConvertFieldLabel(kind, "spec.hostname", "x")
	want := `field label "spec.hostname" is not supported: use metadata.name, metadata.namespace, status.nodeName or status.phase`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
