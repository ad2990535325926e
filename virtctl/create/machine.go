// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package create writes manifests of virtual machines from flags. It asks no server, so that a manifest depends on
// nothing but the flags.
package create

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Machine is what is asked of a virtual machine, as it was typed.
type Machine struct {
	Name, Namespace        string
	RunStrategy            string
	TerminationGracePeriod int64
	// Memory of the guest, empty for the default.
	Memory string
	// CPUs of the guest, 0 for the default.
	CPUs uint32

	Instancetype, Preference                   string
	InferInstancetype, InferPreference         bool
	InferInstancetypeFrom, InferPreferenceFrom string

	ContainerDisks, Claims, EmptyDisks []string
	// DataSources, ClonedClaims, and Blanks are older forms of Imports.
	DataSources, ClonedClaims, Blanks, Imports []string
	Sysprep                                    string

	User, Password    string
	SSHKeys           []string
	AccessCredentials []string
	// AgentManagesSSH lets the guest agent write keys; nil where nothing is said of it.
	AgentManagesSSH *bool
	// CloudInit is nocloud, configdrive or none; empty for what the rest asks for.
	CloudInit, UserData, NetworkData string
}

const (
	defaultMemory = "512Mi"
	// DefaultGracePeriod is how long guests have to shut down, in seconds.
	DefaultGracePeriod = 180
)

// draft is a virtual machine in the making.
type draft struct {
	*Machine
	vm *v1.VirtualMachine
	// order maps places in the boot sequence to volumes.
	order map[int64]string
	// agentManagesSSH and cloudInit follow from the flags and from credentials.
	agentManagesSSH bool
	cloudInit       string
}

// Manifest returns the virtual machine that is asked for.
func (m *Machine) Manifest() (*v1.VirtualMachine, error) {
	d := &draft{Machine: m, order: map[int64]string{}, cloudInit: strings.ToLower(m.CloudInit)}
	if m.AgentManagesSSH != nil {
		d.agentManagesSSH = *m.AgentManagesSSH
	}
	d.vm = &v1.VirtualMachine{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.SchemeGroupVersion.String(), Kind: "VirtualMachine"},
		ObjectMeta: metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace},
		Spec:       v1.VirtualMachineSpec{Template: &v1.VirtualMachineInstanceTemplateSpec{}},
	}
	// The order is that of the volumes and so of the boot sequence; what adds credentials comes before cloud-init,
	// which it may ask for.
	for _, add := range []func() error{
		d.addRunStrategy, d.addResources, d.addContainerDisks, d.addClaims, d.addEmptyDisks, d.addImports, d.addSysprep,
		d.addCredentials, d.addCloudInit, d.addMatchers,
	} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	return d.vm, nil
}

// spec returns the specification of the instances.
func (d *draft) spec() *v1.VirtualMachineInstanceSpec { return &d.vm.Spec.Template.Spec }

var runStrategies = []v1.VirtualMachineRunStrategy{
	v1.RunStrategyAlways, v1.RunStrategyManual, v1.RunStrategyHalted, v1.RunStrategyOnce, v1.RunStrategyRerunOnFailure,
}

func (d *draft) addRunStrategy() error {
	i := slices.IndexFunc(runStrategies, func(s v1.VirtualMachineRunStrategy) bool { return strings.EqualFold(string(s), d.RunStrategy) })
	if i < 0 {
		return fmt.Errorf("--run-strategy=%s: use Always, Manual, Halted, Once or RerunOnFailure", d.RunStrategy)
	}
	d.vm.Spec.RunStrategy = &runStrategies[i]
	if d.TerminationGracePeriod < 0 {
		return fmt.Errorf("--termination-grace-period=%d: it cannot be negative", d.TerminationGracePeriod)
	}
	d.spec().TerminationGracePeriodSeconds = &d.TerminationGracePeriod
	return nil
}

// addResources gives the guest memory and CPUs, unless an instance type does.
func (d *draft) addResources() error {
	if d.CPUs > 0 {
		d.spec().Domain.CPU = &v1.CPU{Cores: d.CPUs}
	}
	if d.typed() {
		return nil
	}
	text := d.Memory
	if text == "" {
		text = defaultMemory
	}
	memory, err := quantity(text)
	if err != nil {
		return fmt.Errorf("--memory=%s: %w", text, err)
	}
	d.spec().Domain.Memory = &v1.Memory{Guest: memory}
	return nil
}

// typed tells that an instance type gives memory and CPUs.
func (m *Machine) typed() bool {
	return m.Instancetype != "" || m.InferInstancetype || m.InferInstancetypeFrom != ""
}
