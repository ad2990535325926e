// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import "testing"

func TestCapabilitiesDoNotDependOnTheBuild(t *testing.T) {
	const (
		one = `<qemuCaps>
  <qemuctime>1795368826</qemuctime>
  <qemumoddirmtime>5</qemumoddirmtime>
  <selfctime>77</selfctime>
  <selfvers>11003000</selfvers>
  <flag name='hda-duplex'/>
  <flag name='cpu-unavailable-features'/>
  <flag name='canonical-cpu-features'/>
  <hostCPU type='tcg' model='base' migratability='yes'>
    <property name='b' type='boolean' value='false'/>
    <property name='a' type='boolean' value='true' migratable='yes'/>
  </hostCPU>
  <cpu type='tcg' name='b'/>
  <cpu type='tcg' name='a'/>
</qemuCaps>
`
		want = `<qemuCaps>
  <qemuctime>0</qemuctime>
  <qemumoddirmtime>0</qemumoddirmtime>
  <selfctime>0</selfctime>
  <selfvers>11003000</selfvers>
  <flag name='hda-duplex'/>
  <flag name='canonical-cpu-features'/>
  <hostCPU type='tcg' model='base' migratability='yes'>
    <property name='a' type='boolean' value='true' migratable='yes'/>
    <property name='b' type='boolean' value='false'/>
  </hostCPU>
  <cpu type='tcg' name='b'/>
  <cpu type='tcg' name='a'/>
</qemuCaps>
`
	)
	if got := normalizeCapabilities(one); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if again := normalizeCapabilities(want); again != want {
		t.Errorf("not stable:\n%s", again)
	}
}
