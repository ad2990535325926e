// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// defaulted returns what the server makes of a new object: the defaults of the scheme.
func defaulted[T runtime.Object](t *testing.T, obj T) T {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	out := obj.DeepCopyObject().(T)
	scheme.Default(out)
	if vmi, ok := any(out).(*VirtualMachineInstance); ok {
		setChosenDefaults(&vmi.Spec) // as when it is created
	}
	return out
}

func TestDefaultsOfTheSmallestInstance(t *testing.T) {
	got := defaulted(t, &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{
		Domain:  DomainSpec{Memory: &Memory{Guest: quantity("1Gi")}},
		Volumes: []Volume{{Name: "root", VolumeSource: VolumeSource{ContainerDisk: &ContainerDiskSource{Image: "example.com/guest:1"}}}},
	}})
	want := VirtualMachineInstanceSpec{
		Architecture:                  "amd64",
		TerminationGracePeriodSeconds: ptr(int64(30)),
		Domain: DomainSpec{
			CPU:     &CPU{Cores: 1, Sockets: 1, Threads: 1, Model: "host-model"},
			Memory:  &Memory{Guest: quantity("1Gi")},
			Machine: &Machine{Type: "q35"},
			Devices: Devices{
				Disks:      []Disk{{Name: "root", DiskDevice: DiskDevice{Disk: &DiskTarget{Bus: DiskBusSATA}}}},
				Interfaces: []Interface{{Name: "default", InterfaceBindingMethod: InterfaceBindingMethod{Masquerade: &InterfaceMasquerade{}}}},
			},
		},
		Networks: []Network{{Name: "default", NetworkSource: NetworkSource{Pod: &PodNetwork{}}}},
		Volumes: []Volume{{Name: "root", VolumeSource: VolumeSource{
			ContainerDisk: &ContainerDiskSource{Image: "example.com/guest:1", ImagePullPolicy: corev1.PullIfNotPresent},
		}}},
	}
	if diff := cmp.Diff(want, got.Spec); diff != "" {
		t.Errorf("defaults (- want, + got):\n%s", diff)
	}
}

// everything returns an instance with each field that has a default left open.
func everything() *VirtualMachineInstance {
	return &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{
		Domain: DomainSpec{
			Resources: ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi"), corev1.ResourceCPU: resource.MustParse("1500m")},
			},
			CPU:      &CPU{Features: []CPUFeature{{Name: "svm"}, {Name: "vmx", Policy: "disable"}}},
			Features: &Features{Hyperv: &FeatureHyperv{Spinlocks: &FeatureSpinlocks{}}},
			Firmware: &Firmware{KernelBoot: &KernelBoot{Container: &KernelBootContainer{Image: "example.com/kernel"}}},
			Devices: Devices{
				Disks:    []Disk{{Name: "root"}, {Name: "cd", DiskDevice: DiskDevice{CDRom: &CDRomTarget{}}}},
				Inputs:   []Input{{Name: "tablet"}},
				Watchdog: &Watchdog{Name: "dog", WatchdogDevice: WatchdogDevice{I6300ESB: &I6300ESBWatchdog{}}},
			},
		},
		Volumes:        []Volume{{Name: "root"}, {Name: "cd"}, {Name: "auto"}},
		LivenessProbe:  &Probe{},
		ReadinessProbe: &Probe{TimeoutSeconds: 5},
	}}
}

func TestDefaultsTwiceAreTheSame(t *testing.T) {
	once := defaulted(t, everything())
	if diff := cmp.Diff(once, defaulted(t, once)); diff != "" {
		t.Errorf("second defaulting changed (- once, + twice):\n%s", diff)
	}
	if diff := cmp.Diff(once, defaulted(t, everything())); diff != "" {
		t.Errorf("the same object got other defaults:\n%s", diff)
	}
}

func TestDefaultsOfEachField(t *testing.T) {
	spec := defaulted(t, everything()).Spec
	for name, pair := range map[string][2]any{
		"memory from the request":         {spec.Domain.Memory.Guest.String(), "64Mi"},
		"CPUs from the request, rounded":  {*spec.Domain.CPU, CPU{Cores: 1, Sockets: 2, Threads: 1, Model: "host-model", Features: []CPUFeature{{Name: "svm", Policy: "require"}, {Name: "vmx", Policy: "disable"}}}},
		"ACPI":                            {*spec.Domain.Features.ACPI.Enabled, true},
		"disk":                            {spec.Domain.Devices.Disks[0].DiskDevice, DiskDevice{Disk: &DiskTarget{Bus: DiskBusSATA}}},
		"cdrom":                           {spec.Domain.Devices.Disks[1].DiskDevice, DiskDevice{CDRom: &CDRomTarget{Bus: DiskBusSATA, ReadOnly: ptr(true), Tray: TrayStateClosed}}},
		"disk of a volume that had none":  {spec.Domain.Devices.Disks[2], Disk{Name: "auto", DiskDevice: DiskDevice{Disk: &DiskTarget{Bus: DiskBusSATA}}}},
		"input":                           {spec.Domain.Devices.Inputs[0], Input{Name: "tablet", Type: "tablet", Bus: "usb"}},
		"watchdog":                        {spec.Domain.Devices.Watchdog.I6300ESB.Action, WatchdogActionReset},
		"spinlocks":                       {*spec.Domain.Features.Hyperv.Spinlocks.Retries, uint32(4096)},
		"kernel":                          {spec.Domain.Firmware.KernelBoot.Container.ImagePullPolicy, corev1.PullAlways},
		"liveness probe":                  {*spec.LivenessProbe, Probe{TimeoutSeconds: 1, PeriodSeconds: 10, SuccessThreshold: 1, FailureThreshold: 3}},
		"readiness probe, one field kept": {*spec.ReadinessProbe, Probe{TimeoutSeconds: 5, PeriodSeconds: 10, SuccessThreshold: 1, FailureThreshold: 3}},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", name, diff)
		}
	}
}

func TestDefaultsKeepWhatTheUserSaid(t *testing.T) {
	for name, change := range map[string]func(*VirtualMachineInstanceSpec){
		"limits before requests": func(s *VirtualMachineInstanceSpec) {
			s.Domain.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi"), corev1.ResourceCPU: resource.MustParse("2")}
			s.Domain.Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("32Mi"), corev1.ResourceCPU: resource.MustParse("7")}
		},
		"guest memory before resources": func(s *VirtualMachineInstanceSpec) {
			s.Domain.Memory = &Memory{Guest: quantity("64Mi")}
			s.Domain.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi"), corev1.ResourceCPU: resource.MustParse("2")}
		},
		"topology before resources": func(s *VirtualMachineInstanceSpec) {
			s.Domain.CPU = &CPU{Sockets: 2, Model: "host-passthrough"}
			s.Domain.Resources.Requests[corev1.ResourceCPU] = resource.MustParse("16")
		},
	} {
		t.Run(name, func(t *testing.T) {
			vmi := everything()
			change(&vmi.Spec)
			domain := defaulted(t, vmi).Spec.Domain
			if got := domain.Memory.Guest.String(); got != "64Mi" {
				t.Errorf("memory.guest = %s, want 64Mi", got)
			}
			if got := domain.CPU.Sockets * domain.CPU.Cores * domain.CPU.Threads; got != 2 {
				t.Errorf("%d CPUs, want 2", got)
			}
		})
	}
}

func TestHugePagesAreTheLeastMemory(t *testing.T) {
	for page, want := range map[string]string{"2Mi": "2Mi", "1Gi": "1Gi", "nothing": "<nil>", "1e-999999999": "<nil>", "1e999999999": "<nil>"} {
		vmi := &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{Domain: DomainSpec{Memory: &Memory{Hugepages: &Hugepages{PageSize: page}}}}}
		if got := defaulted(t, vmi).Spec.Domain.Memory.Guest.String(); got != want {
			t.Errorf("pages of %s: guest %s, want %s", page, got, want)
		}
	}
}

func TestEmptyListsStayEmptyInTheStorage(t *testing.T) {
	keys := []AccessCredential{{SSHPublicKey: &SSHPublicKeyAccessCredential{PropagationMethod: SSHPublicKeyAccessCredentialPropagationMethod{
		QemuGuestAgent: &QemuGuestAgentSSHPublicKeyAccessCredentialPropagation{Users: []string{}},
	}}}}
	vm := &VirtualMachine{Spec: VirtualMachineSpec{Template: &VirtualMachineInstanceTemplateSpec{}}}
	vm.Spec.Template.Spec.AccessCredentials = keys
	vmi := &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{AccessCredentials: keys}}
	machine, instance := stored(t, vm, &VirtualMachine{}), stored(t, vmi, &VirtualMachineInstance{})
	for kind, got := range map[string][]AccessCredential{"VM": machine.Spec.Template.Spec.AccessCredentials, "VMI": instance.Spec.AccessCredentials} {
		if users := got[0].SSHPublicKey.PropagationMethod.QemuGuestAgent.Users; users == nil || len(users) > 0 {
			t.Errorf("%s: users %#v, want an empty list", kind, users)
		}
	}
}

// stored returns what the server reads of an object that it wrote.
func stored[T interface {
	runtime.Object
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}](t *testing.T, obj, empty T) T {
	t.Helper()
	data, err := obj.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.Unmarshal(data); err != nil {
		t.Fatal(err)
	}
	return defaulted(t, empty)
}

func TestNoMemoryStaysNoMemory(t *testing.T) {
	for _, memory := range []*Memory{nil, {}} {
		if got := defaulted(t, &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{Domain: DomainSpec{Memory: memory}}}); got.Spec.Domain.Memory != nil {
			t.Errorf("memory %v became %v, want none: validation has to name it", memory, got.Spec.Domain.Memory)
		}
	}
}

func TestPodNetworkIsAttachedOnlyWhenNothingElseIsAsked(t *testing.T) {
	off := &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{Domain: DomainSpec{Devices: Devices{AutoattachPodInterface: ptr(false)}}}}
	own := &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{Networks: []Network{{Name: "own"}}}}
	if got := defaulted(t, off).Spec; len(got.Networks)+len(got.Domain.Devices.Interfaces) != 0 {
		t.Errorf("autoattachPodInterface false gave networks %v and interfaces %v", got.Networks, got.Domain.Devices.Interfaces)
	}
	if got := defaulted(t, own).Spec; len(got.Networks) != 1 || len(got.Domain.Devices.Interfaces) != 0 {
		t.Errorf("a network of the user's gave networks %v and interfaces %v", got.Networks, got.Domain.Devices.Interfaces)
	}
}

func TestPullPolicyFollowsTheTag(t *testing.T) {
	for image, want := range map[string]corev1.PullPolicy{
		"guest":                         corev1.PullAlways,
		"guest:latest":                  corev1.PullAlways,
		"registry.example:5000/guest":   corev1.PullAlways,
		"guest:1":                       corev1.PullIfNotPresent,
		"registry.example:5000/a/g:1.0": corev1.PullIfNotPresent,
		"guest@sha256:0123":             corev1.PullIfNotPresent,
	} {
		vmi := defaulted(t, &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{Volumes: []Volume{
			{Name: "v", VolumeSource: VolumeSource{ContainerDisk: &ContainerDiskSource{Image: image}}},
		}}})
		if got := vmi.Spec.Volumes[0].ContainerDisk.ImagePullPolicy; got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
	said := &VirtualMachineInstance{Spec: VirtualMachineInstanceSpec{Volumes: []Volume{
		{Name: "v", VolumeSource: VolumeSource{ContainerDisk: &ContainerDiskSource{Image: "guest", ImagePullPolicy: corev1.PullNever}}},
	}}}
	if got := defaulted(t, said).Spec.Volumes[0].ContainerDisk.ImagePullPolicy; got != corev1.PullNever {
		t.Errorf("the user's policy became %s", got)
	}
}

func TestDefaultsNeverChangeTheSpecOfAVirtualMachine(t *testing.T) {
	vm := &VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Name: "demo"},
		Spec:       VirtualMachineSpec{Template: &VirtualMachineInstanceTemplateSpec{Spec: everything().Spec}},
	}
	got := defaulted(t, vm)
	if diff := cmp.Diff(vm.Spec, got.Spec); diff != "" {
		t.Errorf("spec changed (- before, + after):\n%s", diff)
	}
	if got.Status.PrintableStatus != VirtualMachineStatusStopped {
		t.Errorf("printableStatus %q, want Stopped", got.Status.PrintableStatus)
	}
}

func quantity(s string) *resource.Quantity { return ptr(resource.MustParse(s)) }
