// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virt

import "testing"

const document = `<domain type='qemu' id='1'><name>default_demo</name><currentMemory unit='KiB'>131072</currentMemory>
<os><type arch='x86_64' machine='pc-q35-10.0'>hvm</type></os>
<devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
<channel type='unix'><target type='virtio' name='other' state='disconnected'/></channel></devices></domain>`

func TestDescriptionOfARunningDomain(t *testing.T) {
	s := NewSignals()
	got, err := s.describe(document)
	if err != nil || got.Machine != "pc-q35-10.0" || got.MemoryKiB != 131072 || !s.AgentConnected() {
		t.Fatalf("got %+v, agent %v, %v", got, s.AgentConnected(), err)
	}
	if _, err := s.describe("<domain"); err == nil {
		t.Fatal("a cut document was read")
	}
}

func TestFirstEndCountsAndIsNeverLost(t *testing.T) {
	s := NewSignals()
	for range 3 {
		s.changed() // nobody looks: must not block
	}
	if s.End() != EndUnknown {
		t.Fatal("ended")
	}
	s.Tell(EndShutdown)
	s.Tell(EndStopped) // libvirt's clean-up after the guest's shutdown
	<-s.Ended
	<-s.Changed
	if s.End() != EndShutdown {
		t.Fatalf("got %v", s.End())
	}
}
