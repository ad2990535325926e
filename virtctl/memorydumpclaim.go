// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// dumpOverhead is what a dump holds beside the guest's memory at most, in bytes.
	dumpOverhead = 100 << 20
	// fileSystemOverhead is the part of a claim that its file system takes, in thousandths; that of CDI.
	fileSystemOverhead = 55
	// storageProfileLabel has CDI, where there is one, fill in what the storage class does best.
	storageProfileLabel = "cdi.kubevirt.io/applyStorageProfile"
)

// dumpClaim is the claim that takes a dump.
type dumpClaim struct {
	name, storageClass, accessMode string
	create                         bool
}

func (d *dumpClaim) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.name, "claim-name", "", "Claim that takes the dump; without it that of the last one")
	cmd.Flags().BoolVar(&d.create, "create-claim", false, "Make the claim")
	cmd.Flags().StringVar(&d.storageClass, "storage-class", "", "Storage class of a claim that is made; without it the cluster's default")
	cmd.Flags().StringVar(&d.accessMode, "access-mode", "", "Access mode of a claim that is made: ReadWriteOnce or ReadWriteMany; without it ReadWriteOnce")
}

func (d *dumpClaim) check() error {
	switch {
	case !d.create && (d.storageClass != "" || d.accessMode != ""):
		return errors.New("--storage-class and --access-mode go with --create-claim")
	case d.create && d.name == "":
		return errors.New("--claim-name is missing: how shall the claim be called?")
	case d.name != "" && checkName("--claim-name", d.name) != nil:
		return checkName("--claim-name", d.name)
	case d.accessMode == string(corev1.ReadOnlyMany):
		return errors.New("--access-mode=ReadOnlyMany: a dump has to be written; use ReadWriteOnce or ReadWriteMany")
	case d.accessMode != "" && d.accessMode != string(corev1.ReadWriteOnce) && d.accessMode != string(corev1.ReadWriteMany):
		return fmt.Errorf("--access-mode=%s: use ReadWriteOnce or ReadWriteMany", d.accessMode)
	}
	return nil
}

// createDumpClaim makes a claim for the memory of a virtual machine's guest.
func (c *connection) createDumpClaim(ctx context.Context, name string, d *dumpClaim) error {
	vm, vmi := &v1.VirtualMachine{}, &v1.VirtualMachineInstance{}
	if err := c.get(ctx, vm, c.object(target{machines, name})...); err != nil {
		return err
	}
	if former := vm.Status.MemoryDumpRequest; former != nil {
		return fmt.Errorf("VM %s still dumps to the claim %s: leave out --create-claim, or give it free first (virtctl memory-dump remove %s)",
			name, former.ClaimName, name)
	}
	if err := c.get(ctx, vmi, c.object(target{instances, name})...); err != nil {
		return c.explainMissing(ctx, "memory-dump", name, err)
	}
	err := c.create(ctx, d.claim(dumpSize(vmi)), c.in(corePath, "persistentvolumeclaims")...)
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("PVC %s/%s exists already: leave out --create-claim to use it", c.namespace, d.name)
	}
	return err
}

// takeBack deletes a claim that was made in vain.
func (c *connection) takeBack(cmd *cobra.Command, d *dumpClaim) {
	// Also after an interrupt, which may be why the dump failed.
	ctx := context.WithoutCancel(cmd.Context())
	if err := c.remove(ctx, metav1.DeleteOptions{}, c.in(corePath, "persistentvolumeclaims", d.name)...); err != nil {
		cmd.PrintErrf("Warning: PVC %s/%s stays, unused: %v\n", c.namespace, d.name, err)
		return
	}
	cmd.PrintErrf("PVC %s/%s deleted again\n", c.namespace, d.name)
}

// dumpSize returns how large the claim for a guest's memory has to be, in whole MiB.
func dumpSize(vmi *v1.VirtualMachineInstance) resource.Quantity {
	memory := vmi.Spec.Domain.Resources.Requests.Memory().Value()
	if m := vmi.Spec.Domain.Memory; m != nil && m.Guest != nil {
		memory = max(memory, m.Guest.Value())
	}
	const mib = 1 << 20
	needed := (memory + dumpOverhead) / (1000 - fileSystemOverhead) * 1000
	return *resource.NewQuantity((needed/mib+1)*mib, resource.BinarySI)
}

func (d *dumpClaim) claim(size resource.Quantity) *corev1.PersistentVolumeClaim {
	claim := &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{Name: d.name, Labels: map[string]string{storageProfileLabel: "true"}},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}
	if d.accessMode != "" {
		claim.Spec.AccessModes[0] = corev1.PersistentVolumeAccessMode(d.accessMode)
	}
	if d.storageClass != "" {
		claim.Spec.StorageClassName = &d.storageClass
	}
	return claim
}
