// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package version

import "testing"

func TestServedNamesTheAPIAndThisBuild(t *testing.T) {
	defer func(v string) { gitVersion = v }(gitVersion)
	gitVersion = "v3.1.4+dirty"
	got := Served()
	if got.GitVersion != "v1.9.0+virtplane-v3.1.4.dirty" || got.Major != "1" || got.Minor != "9" || got.Platform == "" {
		t.Errorf("Served() = %+v", got)
	}
	if own, ok := OfServer(got.GitVersion); own != "v3.1.4.dirty" || !ok {
		t.Errorf("the server's own version is read as %q, %v", own, ok)
	}
	if own, ok := OfServer("v1.9.0"); ok {
		t.Errorf("a server that is not virtplane has version %q of it", own)
	}
}
