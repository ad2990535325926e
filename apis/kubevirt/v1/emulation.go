// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

const (
	// minTranslations and maxTranslations bound TranslationCache, in MiB.
	minTranslations, maxTranslations = 32, 128
	// translationShare is the share of the guest's memory in between: what a guest runs grows with it.
	translationShare = 4
)

// TranslationCache returns how much translated code QEMU keeps for a guest that runs without hardware virtualization, in
// MiB: a distribution with systemd boots three times as slow when it has to translate its code again and again. The launcher
// sets the limit, and the pod has room for it.
func (d *DomainSpec) TranslationCache() int64 {
	if d.Memory == nil || d.Memory.Guest == nil {
		return minTranslations
	}
	return min(max(d.Memory.Guest.Value()>>20/translationShare, minTranslations), maxTranslations)
}
