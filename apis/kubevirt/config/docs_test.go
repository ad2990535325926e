// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTheDocumentsNameEverySetting(t *testing.T) {
	text, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for path, why := range unused {
		if row := fmt.Sprintf("| `spec.%s` | %s |", path, why); !strings.Contains(string(text), row) {
			t.Errorf("docs/configuration.md has no line %s", row)
		}
	}
	for _, path := range used {
		if name := "`" + strings.TrimPrefix(path, "configuration.") + "`"; !strings.Contains(string(text), name) {
			t.Errorf("docs/configuration.md does not name %s", name)
		}
	}
}
