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
	implemented("spec.domain.cpu.model", "host-model, host-passthrough or a model that libvirt knows; emulated guests get what QEMU can emulate of it"),
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
	refused("spec.domain.firmware.bootloader.efi", "EFI is", "use bios"),
	refused("spec.domain.firmware.kernelBoot", "kernels from images are", "use a disk with a boot loader"),
	refused("spec.domain.firmware.acpi", "further ACPI tables are", "remove the field"),

	refused("spec.domain.clock.utc.offsetSeconds", "clock offsets are", "have the guest set its time zone"),
	refused("spec.domain.clock.timezone", "time zones are", "have the guest set its time zone; its clock starts with universal time"),
	refused("spec.domain.clock.timer.hpet", "settings of timers are", "remove the field: the guest has rtc and pit, not hpet"),
	refused("spec.domain.clock.timer.kvm", "settings of timers are", "remove the field"),
	refused("spec.domain.clock.timer.pit", "settings of timers are", "remove the field: missed ticks are delayed"),
	refused("spec.domain.clock.timer.rtc", "settings of timers are", "remove the field: missed ticks are caught up with"),
	refused("spec.domain.clock.timer.hyperv", "settings of timers are", "remove the field"),

	implemented("spec.domain.features.acpi.enabled"),
	implemented("spec.domain.features.apic.enabled").only("true"),
	refused("spec.domain.features.apic.endOfInterrupt", "settings of the interrupt controller are", "remove the field"),
	refused("spec.domain.features.hypervPassthrough", "features of Hyper-V are", "remove the field"),
	refused("spec.domain.features.hyperv", "features of Hyper-V are", "remove the field"),
	refused("spec.domain.features.smm", "system management mode is", "remove the field"),
	refused("spec.domain.features.kvm.hidden", "hiding KVM is", "remove the field"),
	refused("spec.domain.features.pvspinlock", "settings of spinlocks are", "remove the field"),

	stored("spec.domain.ioThreadsPolicy", "disks share QEMU's main thread, which makes them slower, not different"),
	stored("spec.domain.ioThreads.supplementalPoolThreadCount", "disks share QEMU's main thread, which makes them slower, not different"),
	refused("spec.domain.chassis", "entries about the chassis are", "remove the field"),
	refused("spec.domain.launchSecurity", "encrypted guests are", "remove the field"),
	implemented("spec.domain.rebootPolicy").only("Reboot"),
}
