// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package version

import "testing"

func TestMajorMinor(t *testing.T) {
	for _, c := range []struct{ version, major, minor string }{
		{"v1.2.3", "1", "2"},
		{"v0.10.0-rc.1+dirty", "0", "10"},
		{"1.4", "1", "4"},
		{"devel", "", ""},
	} {
		if major, minor := majorMinor(c.version); major != c.major || minor != c.minor {
			t.Errorf("majorMinor(%q) = %q, %q; want %q, %q", c.version, major, minor, c.major, c.minor)
		}
	}
}

func TestGetReportsTheLinkedVersion(t *testing.T) {
	defer func(v string) { gitVersion = v }(gitVersion)
	gitVersion = "v3.1.4"
	if got := Get(); got.GitVersion != "v3.1.4" || got.Major != "3" || got.Minor != "1" || got.Platform == "" {
		t.Errorf("Get() = %+v", got)
	}
}
