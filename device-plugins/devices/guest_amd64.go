// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package devices

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests, exits and layouts of Linux's KVM API (include/uapi/linux/kvm.h).
const (
	kvmGetAPIVersion       = 0xae00
	kvmCreateVM            = 0xae01
	kvmGetVCPUMmapSize     = 0xae04
	kvmCreateVCPU          = 0xae41
	kvmSetUserMemoryRegion = 0x4020ae46
	kvmRun                 = 0xae80
	kvmSetRegs             = 0x4090ae82
	kvmGetSregs            = 0x8138ae83
	kvmSetSregs            = 0x4138ae84

	kvmAPIVersion = 12
	kvmExitIO     = 2
	kvmExitHalt   = 5

	runImmediateExit = 1  // offset of kvm_run.immediate_exit
	runExitReason    = 8  // offset of kvm_run.exit_reason
	runIOPort        = 34 // offset of kvm_run.io.port
	runIODataOffset  = 40 // offset of kvm_run.io.data_offset
	sregsCSBase      = 0  // offset of kvm_sregs.cs.base
	sregsCSSelector  = 12 // offset of kvm_sregs.cs.selector
	regsRIP          = 128
	regsRFLAGS       = 136
)

const (
	guestMemory = 0x2000
	guestEntry  = 0x1000
	guestPort   = 0x3f8
	guestAnswer = 'V'
	// guestTimeout is far above the microseconds that the program takes.
	guestTimeout = 2 * time.Second
	// guestExits is how many exits the program may cause, two of them wanted.
	guestExits = 16
)

// guestProgram adds two numbers, writes the sum to a port and halts, in real mode.
var guestProgram = []byte{
	0xba, guestPort & 0xff, guestPort >> 8, // mov dx, 0x3f8
	0xb0, guestAnswer - 2, // mov al, 'V'-2
	0x04, 0x02, // add al, 2
	0xee, // out dx, al
	0xf4, // hlt
}

// runGuest runs guestProgram in a VM of its own.
func runGuest(ctx context.Context, kvm *os.File) error {
	fd := kvm.Fd()
	if version, err := ioctl(fd, kvmGetAPIVersion, 0); err != nil || version != kvmAPIVersion {
		return fmt.Errorf("ask for the KVM version: got %d, want %d: %w", version, kvmAPIVersion, err)
	}
	vm, err := ioctl(fd, kvmCreateVM, 0)
	if err != nil {
		return fmt.Errorf("create VM: %w", err)
	}
	defer unix.Close(int(vm))
	memory, err := unix.Mmap(-1, 0, guestMemory, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("map guest memory: %w", err)
	}
	defer unix.Munmap(memory)
	copy(memory[guestEntry:], guestProgram)
	region := struct {
		slot, flags     uint32
		start, size, at uint64
	}{size: guestMemory, at: uint64(uintptr(unsafe.Pointer(&memory[0])))}
	if _, err := ioctl(vm, kvmSetUserMemoryRegion, uintptr(unsafe.Pointer(&region))); err != nil {
		return fmt.Errorf("set guest memory: %w", err)
	}
	size, err := ioctl(fd, kvmGetVCPUMmapSize, 0)
	if err != nil {
		return fmt.Errorf("ask for the size of a vCPU: %w", err)
	}
	vcpu, err := ioctl(vm, kvmCreateVCPU, 0)
	if err != nil {
		return fmt.Errorf("create vCPU: %w", err)
	}
	defer unix.Close(int(vcpu))
	state, err := unix.Mmap(int(vcpu), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map vCPU: %w", err)
	}
	defer unix.Munmap(state)
	if err := setEntry(vcpu); err != nil {
		return err
	}
	return runVCPU(ctx, vcpu, state)
}

// setEntry points the vCPU at the program.
func setEntry(vcpu uintptr) error {
	var sregs [0x138]byte
	if _, err := ioctl(vcpu, kvmGetSregs, uintptr(unsafe.Pointer(&sregs))); err != nil {
		return fmt.Errorf("get special registers: %w", err)
	}
	binary.LittleEndian.PutUint64(sregs[sregsCSBase:], 0)
	binary.LittleEndian.PutUint16(sregs[sregsCSSelector:], 0)
	if _, err := ioctl(vcpu, kvmSetSregs, uintptr(unsafe.Pointer(&sregs))); err != nil {
		return fmt.Errorf("set special registers: %w", err)
	}
	var regs [0x90]byte
	binary.LittleEndian.PutUint64(regs[regsRIP:], guestEntry)
	binary.LittleEndian.PutUint64(regs[regsRFLAGS:], 2) // the bit that is always set
	if _, err := ioctl(vcpu, kvmSetRegs, uintptr(unsafe.Pointer(&regs))); err != nil {
		return fmt.Errorf("set registers: %w", err)
	}
	return nil
}

// runVCPU runs until the program has given its answer and halted.
func runVCPU(ctx context.Context, vcpu uintptr, state []byte) error {
	ctx, cancel := context.WithTimeout(ctx, guestTimeout)
	defer cancel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	thread := unix.Gettid()
	kicked := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		// A guest that neither exits nor halts is brought back by a signal that Go ignores.
		state[runImmediateExit] = 1
		unix.Tgkill(unix.Getpid(), thread, unix.SIGURG)
		close(kicked)
	})
	defer func() {
		if !stop() {
			<-kicked // it must not write to memory that the caller unmaps
		}
	}()
	answered := false
	for range guestExits {
		_, err := ioctl(vcpu, kvmRun, 0)
		switch {
		case ctx.Err() != nil:
			return errors.New("the guest hangs")
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("run vCPU: %w", err)
		}
		switch reason := binary.LittleEndian.Uint32(state[runExitReason:]); reason {
		case kvmExitIO:
			at := binary.LittleEndian.Uint64(state[runIODataOffset:])
			port := binary.LittleEndian.Uint16(state[runIOPort:])
			answered = port == guestPort && at < uint64(len(state)) && state[at] == guestAnswer
		case kvmExitHalt:
			if !answered {
				return errors.New("the guest halted without an answer")
			}
			return nil
		default:
			return fmt.Errorf("the guest ended with exit reason %d", reason)
		}
	}
	return errors.New("the guest does not come to its end")
}

func ioctl(fd, request, argument uintptr) (uintptr, error) {
	result, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, request, argument)
	if errno != 0 {
		return 0, errno
	}
	return result, nil
}
