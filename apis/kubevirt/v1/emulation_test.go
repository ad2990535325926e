// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
)

func TestTranslationCacheGrowsWithTheGuest(t *testing.T) {
	for memory, want := range map[string]int64{"": 32, "64Mi": 32, "128Mi": 32, "256Mi": 64, "512Mi": 128, "64Gi": 128} {
		domain := &DomainSpec{}
		if memory != "" {
			guest := resource.MustParse(memory)
			domain.Memory = &Memory{Guest: &guest}
		}
		if got := domain.TranslationCache(); got != want {
			t.Errorf("a guest of %q: %d MiB, want %d", memory, got, want)
		}
	}
}
