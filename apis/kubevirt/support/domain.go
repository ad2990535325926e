// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

var domain = []Rule{
	implemented("spec.domain.resources.requests"),
	implemented("spec.domain.resources.limits"),
	implemented("spec.domain.resources.overcommitGuestOverhead"),

	implemented("spec.domain.cpu.cores"),
	implemented("spec.domain.cpu.sockets"),
	implemented("spec.domain.cpu.threads"),
	implemented("spec.domain.cpu.model", "host-model, host-passthrough or a model that libvirt knows; the start fails where the node, or QEMU for an emulated guest, cannot give all of it"),
	implemented("spec.domain.cpu.features[].name"),
	implemented("spec.domain.cpu.features[].policy"),
	stored("spec.domain.cpu.maxSockets", "CPUs cannot be added while the guest runs; a change of sockets takes effect with a restart"),
	refused("spec.domain.cpu.dedicatedCpuPlacement", "dedicated CPUs are", "use resources.requests.cpu to reserve CPU time"),
	refused("spec.domain.cpu.isolateEmulatorThread", "dedicated CPUs are", "remove the field"),
	refused("spec.domain.cpu.numa", "NUMA topologies are", "remove the field"),
	refused("spec.domain.cpu.realtime", "real-time guests are", "remove the field"),

	implemented("spec.domain.memory.guest"),
	stored("spec.domain.memory.maxGuest", "memory cannot be added while the guest runs; a change of guest takes effect with a restart"),
	refused("spec.domain.memory.hugepages", "huge pages are", "remove the field"),
	refused("spec.domain.memory.reservedOverhead", "changes of the memory overhead are", "raise resources.requests.memory instead"),

	implemented("spec.domain.machine.type", "q35 and versioned pc-q35 machines"),

	implemented("spec.domain.firmware.uuid"),
	implemented("spec.domain.firmware.serial"),
	implemented("spec.domain.firmware.bootloader.bios.useSerial"),
	implemented("spec.domain.firmware.bootloader.efi.secureBoot", "on by default, and then needs features.smm"),
	implemented("spec.domain.firmware.bootloader.efi.persistent", "the variables of the firmware last as long as the instance").only("false"),
	implemented("spec.domain.firmware.kernelBoot.kernelArgs"),
	implemented("spec.domain.firmware.kernelBoot.container", "kernelPath is needed; initrdPath is not"),
	refused("spec.domain.firmware.acpi", "further ACPI tables are", "remove the field"),

	implemented("spec.domain.clock.utc.offsetSeconds"),
	implemented("spec.domain.clock.timezone", "the offset is the one at the start of the instance"),
	implemented("spec.domain.clock.timer.hpet"),
	implemented("spec.domain.clock.timer.kvm", "left out of emulated guests, which have no KVM"),
	implemented("spec.domain.clock.timer.pit"),
	implemented("spec.domain.clock.timer.rtc"),
	implemented("spec.domain.clock.timer.hyperv", "left out of emulated guests, which have no KVM"),

	implemented("spec.domain.features.acpi.enabled"),
	implemented("spec.domain.features.apic.enabled"),
	implemented("spec.domain.features.apic.endOfInterrupt", "left out of emulated guests, which have no KVM"),
	implemented("spec.domain.features.hypervPassthrough", "left out of emulated guests, which have no KVM"),
	implemented("spec.domain.features.hyperv", "what one feature needs is switched on with it; left out of emulated guests, which have no KVM"),
	implemented("spec.domain.features.smm"),
	implemented("spec.domain.features.kvm.hidden"),
	implemented("spec.domain.features.pvspinlock", "left out of emulated guests, which have no KVM"),

	implemented("spec.domain.ioThreadsPolicy", "for disks on the bus virtio").only("shared", "auto", "supplementalPool"),
	implemented("spec.domain.ioThreads.supplementalPoolThreadCount"),
	implemented("spec.domain.chassis"),
	refused("spec.domain.launchSecurity", "encrypted guests are", "remove the field"),
	implemented("spec.domain.rebootPolicy").only("Reboot", "Terminate"),
}
