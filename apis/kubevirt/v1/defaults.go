// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
)

// Defaults of the API. They are constants: the same manifest always gives the same object, so that
// a second apply has nothing to change.
const (
	defaultMachineType   = "q35"
	defaultArchitecture  = "amd64"
	defaultCPUModel      = "host-model"
	defaultGraceSeconds  = 30
	defaultInterfaceName = "default"
	defaultProbeTimeout  = 1
	defaultProbePeriod   = 10
	defaultProbeSuccess  = 1
	defaultProbeFailure  = 3
	defaultInputBus      = "usb"
	defaultInputType     = "tablet"
)

func addDefaultingFuncs(scheme *runtime.Scheme) error { return RegisterDefaults(scheme) }

// SetDefaults_VirtualMachine leaves the spec as the user wrote it: the instance made from the
// template gets its defaults when it is created.
func SetDefaults_VirtualMachine(vm *VirtualMachine) {
	if vm.Status.PrintableStatus == "" {
		vm.Status.PrintableStatus = VirtualMachineStatusStopped
	}
	if vm.Spec.Template != nil {
		capSpec(&vm.Spec.Template.Spec)
		setEmptyLists(&vm.Spec.Template.Spec)
		settleSpec(&vm.Spec.Template.Spec)
	}
	for i := range vm.Spec.DataVolumeTemplates {
		capDataVolume(&vm.Spec.DataVolumeTemplates[i].Spec)
	}
}

// SetDefaults_VirtualMachineInstance fills in what the user left out, but for what an installation can choose:
// that is filled in once, when the instance is created.
func SetDefaults_VirtualMachineInstance(vmi *VirtualMachineInstance) {
	capSpec(&vmi.Spec)
	capStatus(&vmi.Status)
	setEmptyLists(&vmi.Spec)
	setFixedDefaults(&vmi.Spec)
	settleSpec(&vmi.Spec)
	settleStatus(&vmi.Status)
}

// SetInstanceSpecDefaults fills in what the user left out of an instance's spec, as in an installation without
// settings.
func SetInstanceSpecDefaults(spec *VirtualMachineInstanceSpec) {
	setFixedDefaults(spec)
	setChosenDefaults(spec)
}

// setChosenDefaults fills in what an installation can choose.
func setChosenDefaults(spec *VirtualMachineInstanceSpec) {
	domain := &spec.Domain
	if domain.Machine == nil {
		domain.Machine = &Machine{}
	}
	if domain.Machine.Type == "" {
		domain.Machine.Type = defaultMachineType
	}
	if domain.CPU.Model == "" {
		domain.CPU.Model = defaultCPUModel
	}
	setNetworkDefaults(spec)
}

func setFixedDefaults(spec *VirtualMachineInstanceSpec) {
	if spec.Architecture == "" {
		spec.Architecture = defaultArchitecture
	}
	if spec.TerminationGracePeriodSeconds == nil {
		spec.TerminationGracePeriodSeconds = ptr(int64(defaultGraceSeconds))
	}
	setDomainDefaults(&spec.Domain)
	setDiskDefaults(spec)
	setProbeDefaults(spec.LivenessProbe)
	setProbeDefaults(spec.ReadinessProbe)
	for i := range spec.Volumes {
		if c := spec.Volumes[i].ContainerDisk; c != nil {
			setPullPolicy(&c.ImagePullPolicy, c.Image)
		}
	}
	if f := spec.Domain.Firmware; f != nil && f.KernelBoot != nil && f.KernelBoot.Container != nil {
		setPullPolicy(&f.KernelBoot.Container.ImagePullPolicy, f.KernelBoot.Container.Image)
	}
}

func setDomainDefaults(domain *DomainSpec) {
	setCPUDefaults(domain)
	setFeatureDefaults(domain.Features)
	setDeviceDefaults(&domain.Devices)
	setMemoryDefaults(domain)
}

func setCPUDefaults(domain *DomainSpec) {
	if domain.CPU == nil {
		domain.CPU = &CPU{}
	}
	cpu := domain.CPU
	if cpu.Cores == 0 && cpu.Sockets == 0 && cpu.Threads == 0 {
		cpu.Sockets = cpusOf(domain.Resources)
	}
	cpu.Cores = max(cpu.Cores, 1)
	cpu.Sockets = max(cpu.Sockets, 1)
	cpu.Threads = max(cpu.Threads, 1)
	for i := range cpu.Features {
		if cpu.Features[i].Policy == "" {
			cpu.Features[i].Policy = "require"
		}
	}
}

func setMemoryDefaults(domain *DomainSpec) {
	if domain.Memory == nil {
		domain.Memory = &Memory{}
	}
	if domain.Memory.Guest == nil {
		domain.Memory.Guest = memoryOf(domain.Resources)
	}
	if huge := domain.Memory.Hugepages; domain.Memory.Guest == nil && huge != nil {
		if page, err := huge.Page(); err == nil {
			domain.Memory.Guest = &page
		}
	}
	if domain.Memory.Guest == nil && *domain.Memory == (Memory{}) {
		domain.Memory = nil // nothing asked for: validation says so
	}
}

// memoryOf derives the guest's memory from the pod's, limits first.
func memoryOf(r ResourceRequirements) *resource.Quantity {
	for _, list := range []corev1.ResourceList{r.Limits, r.Requests} {
		if q, ok := list[corev1.ResourceMemory]; ok {
			return ptr(q.DeepCopy())
		}
	}
	return nil
}

// cpusOf derives the number of CPUs from the pod's, limits first, rounded up.
func cpusOf(r ResourceRequirements) uint32 {
	for _, list := range []corev1.ResourceList{r.Limits, r.Requests} {
		if q, ok := list[corev1.ResourceCPU]; ok && q.Value() > 0 && q.Value() <= 1<<16 {
			return uint32(q.Value())
		}
	}
	return 1
}

func setDiskDefaults(spec *VirtualMachineInstanceSpec) {
	devices := &spec.Domain.Devices
	known := map[string]bool{}
	for i := range devices.Disks {
		known[devices.Disks[i].Name] = true
	}
	for i := range spec.Volumes {
		if name := spec.Volumes[i].Name; name != "" && !known[name] {
			devices.Disks = append(devices.Disks, Disk{Name: name})
		}
	}
	for i := range devices.Disks {
		d := &devices.Disks[i]
		if d.Disk == nil && d.CDRom == nil && d.LUN == nil {
			d.Disk = &DiskTarget{}
		}
		if d.Disk != nil && d.Disk.Bus == "" {
			d.Disk.Bus = DiskBusSATA
		}
		if d.CDRom == nil {
			continue
		}
		if d.CDRom.Bus == "" {
			d.CDRom.Bus = DiskBusSATA
		}
		if d.CDRom.ReadOnly == nil {
			d.CDRom.ReadOnly = ptr(true)
		}
		if d.CDRom.Tray == "" {
			d.CDRom.Tray = TrayStateClosed
		}
	}
}

func setNetworkDefaults(spec *VirtualMachineInstanceSpec) {
	devices := &spec.Domain.Devices
	auto := devices.AutoattachPodInterface
	if len(devices.Interfaces) > 0 || len(spec.Networks) > 0 || (auto != nil && !*auto) {
		return
	}
	devices.Interfaces = []Interface{{
		Name:                   defaultInterfaceName,
		InterfaceBindingMethod: InterfaceBindingMethod{Masquerade: &InterfaceMasquerade{}},
	}}
	spec.Networks = []Network{{Name: defaultInterfaceName, NetworkSource: NetworkSource{Pod: &PodNetwork{}}}}
}

func setProbeDefaults(p *Probe) {
	if p == nil {
		return
	}
	for _, v := range []struct {
		field    *int32
		standard int32
	}{
		{&p.TimeoutSeconds, defaultProbeTimeout},
		{&p.PeriodSeconds, defaultProbePeriod},
		{&p.SuccessThreshold, defaultProbeSuccess},
		{&p.FailureThreshold, defaultProbeFailure},
	} {
		if *v.field == 0 {
			*v.field = v.standard
		}
	}
}

// setPullPolicy pulls what a tag may mean another image for by tomorrow.
func setPullPolicy(policy *corev1.PullPolicy, image string) {
	if *policy != "" {
		return
	}
	*policy = corev1.PullIfNotPresent
	name := image[strings.LastIndex(image, "/")+1:]
	if !strings.ContainsAny(name, ":@") || strings.HasSuffix(name, ":latest") {
		*policy = corev1.PullAlways
	}
}

func ptr[T any](v T) *T { return &v }
