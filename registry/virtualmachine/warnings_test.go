// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"slices"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	deprecated = "spec.running is deprecated, please use spec.runStrategy instead."
	unused     = "spec.template.spec.domain.cpu.maxSockets: is not used by this version of virtplane: CPUs cannot be added while the guest runs; a change of sockets takes effect with a restart"
)

func TestWarningsNameWhatIsDeprecatedOrChangesNothing(t *testing.T) {
	plain := stored()
	running := stored()
	on := true
	running.Spec.Running, running.Spec.RunStrategy = &on, nil
	both := running.DeepCopy()
	both.Spec.Template.Spec.Domain.CPU = &v1.CPU{MaxSockets: 4}
	for _, c := range []struct {
		name     string
		old, new *v1.VirtualMachine
		want     []string
	}{
		{"create, a run strategy", nil, plain, nil},
		{"create, running", nil, running, []string{deprecated}},
		{"create, both", nil, both, []string{deprecated, unused}},
		{"update of nothing", both, both, nil},
		{"update that adds one", running, both, []string{unused}},
		{"update that adds both", plain, both, []string{deprecated, unused}},
		{"update that removes", both, plain, nil},
	} {
		var got []string
		if c.old == nil {
			got = strategy{}.WarningsOnCreate(t.Context(), c.new)
		} else {
			got = strategy{}.WarningsOnUpdate(t.Context(), c.new, c.old)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: warnings %q, want %q", c.name, got, c.want)
		}
	}
}
