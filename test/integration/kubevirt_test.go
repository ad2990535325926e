// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	kubevirtv1 "github.com/virtplane/virtplane/client/clientset/versioned/typed/kubevirt/v1"
)

// settings are those of an installation of its own: others would see what is changed.
type settings struct {
	*ownServer
	kubevirts kubevirtv1.KubeVirtInterface
}

func newSettings(t *testing.T, name string) *settings {
	// A directory of its own each time: what an earlier run of the test left would be in the way.
	dir := must(os.MkdirTemp(cluster.dir, name+"-"))(t)
	s := startOwnServer(t, filepath.Base(dir))
	return &settings{s, s.api.KubeVirts(systemNamespace)}
}

// withConfiguration is the object with a configuration as a user types it.
func withConfiguration(t *testing.T, text string) *v1.KubeVirt {
	t.Helper()
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: systemNamespace, Name: v1.KubeVirtName}}
	if err := yaml.UnmarshalStrict([]byte(text), &kv.Spec.Configuration); err != nil {
		t.Fatal(err)
	}
	return kv
}

// instanceWith creates an instance that leaves all out and returns it once its CPU model is the wanted one.
func (s *settings) instanceWith(t *testing.T, namespace, model string) *v1.VirtualMachineInstance {
	t.Helper()
	var made *v1.VirtualMachineInstance
	eventually(t, "CPU model "+model, func(ctx context.Context) error {
		vmi := newVMI("")
		vmi.GenerateName = "settings-"
		var err error
		if made, err = s.api.VirtualMachineInstances(namespace).Create(ctx, vmi, metav1.CreateOptions{}); err != nil {
			return err
		}
		if got := made.Spec.Domain.CPU.Model; got != model {
			return fmt.Errorf("the instance has %s", got)
		}
		return nil
	})
	return made
}

func TestSettingsTakeEffectWithoutARestart(t *testing.T) {
	s, ns := newSettings(t, "settings"), newNamespace(t)
	before := s.instanceWith(t, ns, "host-model")
	if before.Spec.Domain.Machine.Type != "q35" || before.Spec.EvictionStrategy != nil || before.Spec.Domain.Devices.Interfaces[0].Masquerade == nil {
		t.Errorf("defaults of an installation without settings: %+v", before.Spec)
	}
	vm := must(s.api.VirtualMachines(ns).Create(t.Context(), newVM("stored"), metav1.CreateOptions{}))(t)

	kv := must(s.kubevirts.Create(t.Context(), withConfiguration(t,
		"{cpuModel: Nehalem, machineType: pc-q35-9.2, evictionStrategy: External, network: {defaultNetworkInterface: masquerade}}"), metav1.CreateOptions{}))(t)
	made := s.instanceWith(t, ns, "Nehalem")
	if made.Spec.Domain.Machine.Type != "pc-q35-9.2" || made.Spec.EvictionStrategy == nil || *made.Spec.EvictionStrategy != v1.EvictionStrategyExternal {
		t.Errorf("made by the settings: %+v", made.Spec)
	}
	own := newVMI("own")
	own.Spec.Domain.CPU = &v1.CPU{Model: "EPYC"}
	if got := must(s.api.VirtualMachineInstances(ns).Create(t.Context(), own, metav1.CreateOptions{}))(t).Spec.Domain.CPU.Model; got != "EPYC" {
		t.Errorf("what the user typed became %s", got)
	}

	kv.Spec.Configuration.CPUModel = "Westmere"
	must(s.kubevirts.Update(t.Context(), kv, metav1.UpdateOptions{}))(t)
	s.instanceWith(t, ns, "Westmere")
	// What is there stays as it is, and can be written again as it was created.
	again := newVMI(made.Name)
	again.ResourceVersion = must(s.api.VirtualMachineInstances(ns).Get(t.Context(), made.Name, metav1.GetOptions{}))(t).ResourceVersion
	again.Labels = map[string]string{"a": "b"}
	written := must(s.api.VirtualMachineInstances(ns).Update(t.Context(), again, metav1.UpdateOptions{}))(t)
	if diff := cmp.Diff(made.Spec, written.Spec); diff != "" {
		t.Errorf("an instance changed with the settings (- before, + after):\n%s", diff)
	}
	now := must(s.api.VirtualMachines(ns).Get(t.Context(), vm.Name, metav1.GetOptions{}))(t)
	if diff := cmp.Diff(vm, now); diff != "" {
		t.Errorf("a virtual machine changed with the settings (- before, + after):\n%s", diff)
	}

	if err := s.kill(); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	vmi := must(s.client(t).VirtualMachineInstances(ns).Create(t.Context(), newVMI("restarted"), metav1.CreateOptions{}))(t)
	if got := vmi.Spec.Domain.CPU.Model; got != "Westmere" {
		t.Errorf("the first instance after a restart has %s", got)
	}

	if err := s.kubevirts.Delete(t.Context(), v1.KubeVirtName, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.instanceWith(t, ns, "host-model")
}

func TestLogLevelsChangeAsVirtctlAsksForIt(t *testing.T) {
	s := newSettings(t, "verbosity")
	must(s.kubevirts.Create(t.Context(), withConfiguration(t, "{}"), metav1.CreateOptions{}))(t)
	logged := func(text string) {
		t.Helper()
		eventually(t, text, func(context.Context) error {
			log, err := os.ReadFile(s.log)
			if err == nil && !strings.Contains(string(log), text) {
				err = fmt.Errorf("is not in the log")
			}
			return err
		})
	}
	// These are the operations of virtctl adm log-verbosity, on an object without a developerConfiguration.
	must(s.kubevirts.Patch(t.Context(), v1.KubeVirtName, types.JSONPatchType, []byte(`[
{"op": "add", "path": "/spec/configuration/developerConfiguration", "value": {}},
{"op": "add", "path": "/spec/configuration/developerConfiguration/logVerbosity", "value": {"virtAPI": 4}}]`), metav1.PatchOptions{}))(t)
	logged(`"Log level changed" from=0 to=4`)
	kv := must(s.kubevirts.Patch(t.Context(), v1.KubeVirtName, types.JSONPatchType, []byte(`[
{"op": "add", "path": "/spec/configuration/developerConfiguration/logVerbosity", "value": {}}]`), metav1.PatchOptions{}))(t)
	logged(`"Log level changed" from=4 to=0`)
	if kv.Generation != 3 {
		t.Errorf("the generation is %d", kv.Generation)
	}
}

func TestThereIsOneObjectWithSettings(t *testing.T) {
	s := newSettings(t, "one")
	must(s.kubevirts.Create(t.Context(), withConfiguration(t, "{}"), metav1.CreateOptions{}))(t)
	const why = `: there is one object with the settings of virtplane, "kubevirt" in namespace "virtplane-system", and virtplane makes it; change that one`
	second := withConfiguration(t, "{}")
	second.Name = "second"
	_, err := s.kubevirts.Create(t.Context(), second, metav1.CreateOptions{})
	expectStatus(t, "a second object", err, http.StatusUnprocessableEntity,
		`KubeVirt.kubevirt.io "second" is invalid: metadata.name: Invalid value: "second"`+why)
	ns := newNamespace(t)
	elsewhere := withConfiguration(t, "{}")
	elsewhere.Namespace = ns
	_, err = s.api.KubeVirts(ns).Create(t.Context(), elsewhere, metav1.CreateOptions{})
	expectStatus(t, "an object elsewhere", err, http.StatusUnprocessableEntity,
		fmt.Sprintf(`KubeVirt.kubevirt.io "kubevirt" is invalid: metadata.namespace: Invalid value: %q`, ns)+why)
	_, err = s.kubevirts.Create(t.Context(), withConfiguration(t, "{}"), metav1.CreateOptions{})
	expectStatus(t, "the same object again", err, http.StatusConflict, `kubevirts.kubevirt.io "kubevirt" already exists`)
	if list := must(s.api.KubeVirts("").List(t.Context(), metav1.ListOptions{}))(t); len(list.Items) != 1 {
		t.Errorf("there are %d objects", len(list.Items))
	}
}

func TestBadSettingsAreRefusedAndUnusedOnesNamed(t *testing.T) {
	s := newSettings(t, "bad")
	login := must(s.login("admin", "system:masters"))(t)
	path := pathOf("kubevirt.io", systemNamespace, "kubevirts", "")
	post := func(configuration string) answer {
		t.Helper()
		return call(t, login, http.MethodPost, path, encode(t, withConfiguration(t, configuration)), map[string]string{"Content-Type": "application/json"})
	}
	bad := post("{imagePullPolicy: Sometimes, developerConfiguration: {memoryOvercommit: 5}}")
	want := `KubeVirt.kubevirt.io "kubevirt" is invalid: [spec.configuration.imagePullPolicy: Unsupported value: "Sometimes": supported values: ` +
		`"Always", "IfNotPresent", "Never", spec.configuration.developerConfiguration.memoryOvercommit: Invalid value: 5: must be between 10 and 10000]`
	if got := bad.status(t).Message; bad.code != http.StatusUnprocessableEntity || got != want {
		t.Errorf("got %d %s\nwant 422 %s", bad.code, got, want)
	}
	good := post("{migrations: {parallelMigrationsPerCluster: 3}, cpuModel: Nehalem}")
	if good.code != http.StatusCreated {
		t.Fatalf("got %d %s", good.code, good.body)
	}
	warning := `299 - "spec.configuration.migrations is not used by virtplane: guests do not migrate yet"`
	if diff := cmp.Diff([]string{warning}, good.header.Values("Warning")); diff != "" {
		t.Errorf("warnings (- want, + got):\n%s", diff)
	}
	changed := call(t, login, http.MethodPatch, path+"/kubevirt", `{"spec": {"configuration": {"cpuModel": "Westmere"}}}`,
		map[string]string{"Content-Type": string(types.MergePatchType)})
	if got := changed.header.Values("Warning"); changed.code != http.StatusOK || len(got) > 0 {
		t.Errorf("a change of something else: %d, warnings %v", changed.code, got)
	}
}

func TestTheStatusOfSettingsIsApart(t *testing.T) {
	s := newSettings(t, "status")
	kv := withConfiguration(t, "{cpuModel: Nehalem}")
	kv.Status.Phase = v1.KubeVirtPhaseDeleted
	kv = must(s.kubevirts.Create(t.Context(), kv, metav1.CreateOptions{}))(t)
	if kv.Status.Phase != "" || kv.Generation != 1 {
		t.Errorf("after its creation: phase %q, generation %d", kv.Status.Phase, kv.Generation)
	}
	kv.Status.Phase, kv.Spec.Configuration.CPUModel = v1.KubeVirtPhaseDeployed, "Westmere"
	kv = must(s.kubevirts.UpdateStatus(t.Context(), kv, metav1.UpdateOptions{}))(t)
	if kv.Status.Phase != v1.KubeVirtPhaseDeployed || kv.Spec.Configuration.CPUModel != "Nehalem" || kv.Generation != 1 {
		t.Errorf("after a write of the status: %s, %s, generation %d", kv.Status.Phase, kv.Spec.Configuration.CPUModel, kv.Generation)
	}
	kv.Status.Phase, kv.Spec.Configuration.CPUModel = "", "Westmere"
	kv = must(s.kubevirts.Update(t.Context(), kv, metav1.UpdateOptions{}))(t)
	if kv.Status.Phase != v1.KubeVirtPhaseDeployed || kv.Spec.Configuration.CPUModel != "Westmere" || kv.Generation != 2 {
		t.Errorf("after a write of the spec: %s, %s, generation %d", kv.Status.Phase, kv.Spec.Configuration.CPUModel, kv.Generation)
	}
	login := must(s.login("admin", "system:masters"))(t)
	a := call(t, login, http.MethodGet, pathOf("kubevirt.io", systemNamespace, "kubevirts", ""), "", map[string]string{
		"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})
	table := &metav1.Table{}
	if err := json.Unmarshal([]byte(a.body), table); err != nil || len(table.Rows) != 1 {
		t.Fatalf("the table is %s", a.body)
	}
	var columns []string
	for _, c := range table.ColumnDefinitions {
		columns = append(columns, fmt.Sprint(c.Name, c.Priority))
	}
	if got := strings.Join(columns, " "); got != "Name0 Age0 Phase0 Version1 Available1 Degraded1" {
		t.Errorf("columns %s", got)
	}
	if cells := table.Rows[0].Cells; cells[0] != "kubevirt" || cells[2] != "Deployed" {
		t.Errorf("cells %v", cells)
	}
}
