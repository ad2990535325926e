// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// shortGrace is how many seconds a guest gets that still boots, and hears nothing, when its test is over.
const shortGrace = 4

// Option changes a virtual machine before it is created.
type Option func(*v1.VirtualMachine)

// RunStrategy sets the run strategy.
func RunStrategy(strategy v1.VirtualMachineRunStrategy) Option {
	return func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy = &strategy }
}

// OnNode binds the guest to a node.
func OnNode(name string) Option {
	return func(vm *v1.VirtualMachine) {
		vm.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: name}
	}
}

// Grace sets how many seconds a guest gets to shut down.
func Grace(seconds int64) Option {
	return func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.TerminationGracePeriodSeconds = ptr.To(seconds) }
}

// Runs has the guest run shell lines when it has booted.
func Runs(lines ...string) Option {
	return func(vm *v1.VirtualMachine) {
		data := &vm.Spec.Template.Spec.Volumes[1].CloudInitNoCloud.UserData
		*data += "runcmd:\n"
		for _, line := range lines {
			*data += "  - " + yamlString(line) + "\n"
		}
	}
}

// Image sets the image of the guest's disk.
func Image(image string) Option {
	return func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Volumes[0].ContainerDisk.Image = image }
}

// StartsPaused leaves the guest's CPUs stopped, for tests that need no guest: nothing boots.
func StartsPaused(vm *v1.VirtualMachine) {
	vm.Spec.Template.Spec.StartStrategy = ptr.To(v1.StartStrategyPaused)
}

// Machine is the example that the quick start uses, under another name and changed by the options.
func (n *Namespace) Machine(name string, options ...Option) *v1.VirtualMachine {
	n.Helper()
	raw, err := os.ReadFile(filepath.Join(n.Root, "artifacts", "examples", "demo.yaml"))
	Need(n, err, "read example")
	text := strings.ReplaceAll(string(raw), "demo", name)
	vm := &v1.VirtualMachine{}
	Need(n, yaml.UnmarshalStrict([]byte(text), vm), "decode example")
	Grace(shortGrace)(vm)
	for _, option := range options {
		option(vm)
	}
	return vm
}

// Create makes a virtual machine.
func (n *Namespace) Create(name string, options ...Option) *v1.VirtualMachine {
	n.Helper()
	vm, err := n.Virt.KubevirtV1().VirtualMachines(n.ID).Create(Context(n, Quick), n.Machine(name, options...), metav1.CreateOptions{})
	Need(n, err, "create virtual machine "+name)
	return vm
}

// CreateRunning makes a virtual machine and waits for its instance to run.
func (n *Namespace) CreateRunning(name string, options ...Option) *v1.VirtualMachineInstance {
	n.Helper()
	n.Create(name, options...)
	return n.AwaitRunning(name)
}

// GetVM reads a virtual machine as it is now.
func (n *Namespace) GetVM(name string) *v1.VirtualMachine {
	n.Helper()
	vm, err := n.Virt.KubevirtV1().VirtualMachines(n.ID).Get(Context(n, Quick), name, metav1.GetOptions{})
	Need(n, err, "get virtual machine "+name)
	return vm
}

// GetVMI reads an instance as it is now.
func (n *Namespace) GetVMI(name string) *v1.VirtualMachineInstance {
	n.Helper()
	vmi, err := n.Virt.KubevirtV1().VirtualMachineInstances(n.ID).Get(Context(n, Quick), name, metav1.GetOptions{})
	Need(n, err, "get instance "+name)
	return vmi
}

// yamlString quotes a text so that YAML takes it for nothing else.
func yamlString(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
