// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newAddVolumeCommand(client *client) *cobra.Command {
	var flags addVolumeFlags
	var dry dryRun
	cmd := &cobra.Command{
		Use:   "addvolume VM --volume-name=CLAIM [flags]",
		Short: "Add a claim to a virtual machine as a disk",
		Long: "Add a PersistentVolumeClaim or a DataVolume to a virtual machine, or to an instance that belongs to none, as a disk of\n" +
			"the same name. The virtual machine keeps it over restarts.",
		Example: `
# Add the claim data to the virtual machine demo.
virtctl addvolume demo --volume-name=data

# With a serial number, so that the guest finds it in /dev/disk/by-id.
virtctl addvolume demo --volume-name=data --serial=0815 --bus=virtio`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeName(client, machines),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := parseTarget(args, machines)
			if err != nil {
				return err
			}
			disk, err := flags.disk()
			if err != nil {
				return usageError(cmd, err)
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			source, err := c.pluggable(cmd, flags.volume)
			if err != nil {
				return err
			}
			options := &v1.AddVolumeOptions{Name: flags.volume, Disk: disk, VolumeSource: source, DryRun: dry.option()}
			if err := c.changeVolumes(cmd, t, "addvolume", options); err != nil {
				return err
			}
			dry.report(cmd, "Successfully submitted add volume request to VM %s for volume %s", t.name, flags.volume)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.volume, "volume-name", "", "Name of the claim or DataVolume, and of the disk")
	f.StringVar(&flags.serial, "serial", "", "Serial number that the guest sees; without it the volume's name")
	f.StringVar(&flags.cache, "cache", "", "How writes are cached: none, writethrough or writeback")
	f.StringVar(&flags.kind, "disk-type", "disk", "What the guest sees: disk, or lun for a SCSI device passed through")
	f.StringVar(&flags.bus, "bus", string(v1.DiskBusSCSI), "Bus of the disk: scsi or virtio")
	completeObjects(cmd, client, "volume-name", corePath, "persistentvolumeclaims")
	completeValues(cmd, "cache", "none", "writethrough", "writeback")
	completeValues(cmd, "disk-type", "disk", "lun")
	completeValues(cmd, "bus", "scsi", "virtio")
	addPersistFlag(cmd)
	dry.addFlag(cmd)
	return cmd
}

// addPersistFlag takes a flag that scripts still give: volumes are always kept.
func addPersistFlag(cmd *cobra.Command) {
	cmd.Flags().Bool("persist", false, "Has no effect: the change always outlives a restart")
	if err := cmd.Flags().MarkHidden("persist"); err != nil {
		panic(err)
	}
}

type addVolumeFlags struct{ volume, serial, cache, kind, bus string }

// disk returns the disk that is asked for.
func (f *addVolumeFlags) disk() (*v1.Disk, error) {
	if f.volume == "" {
		return nil, errors.New("--volume-name is missing: name the claim or the DataVolume")
	}
	if err := checkName("--volume-name", f.volume); err != nil {
		return nil, err
	}
	disk := &v1.Disk{Serial: f.serial, Cache: v1.DriverCache(f.cache)}
	if disk.Serial == "" {
		disk.Serial = f.volume
	}
	caches := []v1.DriverCache{"", v1.CacheNone, v1.CacheWriteThrough, v1.CacheWriteBack}
	if !slices.Contains(caches, disk.Cache) {
		return nil, fmt.Errorf("--cache=%s: use none, writethrough or writeback", f.cache)
	}
	bus := v1.DiskBus(f.bus)
	switch {
	case f.kind == "disk" && (bus == v1.DiskBusSCSI || bus == v1.DiskBusVirtio):
		disk.Disk = &v1.DiskTarget{Bus: bus}
	case f.kind == "lun" && bus == v1.DiskBusSCSI:
		disk.LUN = &v1.LunTarget{Bus: bus}
	case f.kind == "disk":
		return nil, fmt.Errorf("--bus=%s: use scsi or virtio", f.bus)
	case f.kind == "lun":
		return nil, fmt.Errorf("--bus=%s: a lun needs scsi", f.bus)
	default:
		return nil, fmt.Errorf("--disk-type=%s: use disk or lun", f.kind)
	}
	return disk, nil
}

// dataVolumesPath is where DataVolumes are, in clusters that have them.
const dataVolumesPath = "/apis/cdi.kubevirt.io/v1beta1"

// pluggable returns the DataVolume or claim called name.
func (c *connection) pluggable(cmd *cobra.Command, name string) (*v1.HotplugVolumeSource, error) {
	err := c.get(cmd.Context(), nil, c.in(dataVolumesPath, "datavolumes", name)...)
	if err == nil {
		return &v1.HotplugVolumeSource{DataVolume: &v1.DataVolumeSource{Name: name, Hotpluggable: true}}, nil
	}
	// Whoever may not see DataVolumes may still see claims, which each of them has.
	if !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return nil, err
	}
	err = c.get(cmd.Context(), nil, c.in(corePath, "persistentvolumeclaims", name)...)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is neither a DataVolume nor a PersistentVolumeClaim %s in namespace %s", name, c.namespace)
	}
	if err != nil {
		return nil, err
	}
	claim := &v1.PersistentVolumeClaimVolumeSource{Hotpluggable: true}
	claim.ClaimName = name
	return &v1.HotplugVolumeSource{PersistentVolumeClaim: claim}, nil
}

// changeVolumes performs verb on a virtual machine, or on the instance of that name where there is no such machine.
func (c *connection) changeVolumes(cmd *cobra.Command, t target, verb string, options any) error {
	err := c.put(cmd.Context(), options, nil, c.subresource(t, verb)...)
	if t.resource != machines || !apierrors.IsNotFound(err) || isUnserved(err) {
		return err
	}
	onInstance := c.put(cmd.Context(), options, nil, c.subresource(target{instances, t.name}, verb)...)
	if apierrors.IsNotFound(onInstance) {
		return err
	}
	return onInstance
}
