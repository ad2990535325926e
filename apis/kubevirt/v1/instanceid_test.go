// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestInstanceIDIsWhatPublishedClientsSelectBy(t *testing.T) {
	long := strings.Repeat("abcdefghi.", 25)
	for name, want := range map[string]string{
		"demo":                  "demo",
		"demo.example":          "demo.example",
		strings.Repeat("a", 63): strings.Repeat("a", 63),
		// The first 54 characters, and the first 8 digits of the name's SHA-1.
		strings.Repeat("a", 64): strings.Repeat("a", 54) + "-0098ba82",
	} {
		if got := InstanceID(name); got != want {
			t.Errorf("id of %s: %s, want %s", name, got, want)
		}
	}
	for end := 64; end <= len(long); end++ {
		name := strings.TrimRight(long[:end], ".")
		if problems := validation.IsValidLabelValue(InstanceID(name)); len(problems) > 0 {
			t.Errorf("%s: %v", InstanceID(name), problems)
		}
	}
	if InstanceID(long+"a") == InstanceID(long+"b") {
		t.Error("long names that differ at their end have the same id")
	}
}
