// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"strings"
	"testing"
)

func TestImagesOnDemandAreOnlyTakenByName(t *testing.T) {
	built := []Image{{Ref: "virtplane.io/guest-debian:dev", OnDemand: true}, {Ref: "virtplane.io/pause:dev"}, {Ref: "virtplane.io/tools:dev"}}
	for _, test := range []struct {
		names []string
		want  string
	}{
		{nil, "pause tools"},
		{[]string{"guest-debian"}, "guest-debian"},
		{[]string{"tools", "guest-debian"}, "tools guest-debian"},
	} {
		images, err := Wanted(built, test.names)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, image := range images {
			got = append(got, image.Name())
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("of the names %q: %q, want %q", test.names, got, test.want)
		}
	}
	if len(built) != 3 || built[0].Name() != "guest-debian" {
		t.Errorf("the list of what is built has changed: %+v", built)
	}
	if _, err := Wanted(built, []string{"nonsense"}); err == nil || !strings.Contains(err.Error(), "bin/cluster images nonsense") {
		t.Errorf("an image that is not built: %v", err)
	}
}
