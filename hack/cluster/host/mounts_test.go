// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bufio"
	"slices"
	"strings"
	"testing"
)

func TestMountsBelowListsTheInnermostFirst(t *testing.T) {
	mountinfo := `1 0 8:1 / / rw - ext4 /dev/vda rw
2 1 8:1 / /a/state rw - ext4 /dev/vda rw
3 1 8:1 /usr /a/state/nodes/one/root/usr ro - ext4 /dev/vda rw
4 3 0:5 / /a/state/nodes/one/root/usr/with\040space rw - tmpfs tmpfs rw
5 1 0:6 / /a/state2/x rw - tmpfs tmpfs rw`
	got, err := parseMountsBelow(bufio.NewScanner(strings.NewReader(mountinfo)), "/a/state")
	want := []string{"/a/state/nodes/one/root/usr/with space", "/a/state/nodes/one/root/usr"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}
