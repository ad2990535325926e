// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"regexp"
	"sort"
	"strings"
)

// slowCPUFlag makes libvirt read some 460 properties of the guest's CPU one by one at every start,
// which takes longer than all the rest. Without it libvirt reads the CPUID words in two calls.
// The difference is in features that only exist in MSRs, which software emulation does not have.
const slowCPUFlag = "  <flag name='cpu-unavailable-features'/>\n"

var cacheTime = regexp.MustCompile(`<(qemuctime|qemumoddirmtime|selfctime)>\d+<`)

// normalizeCapabilities makes a template of a cache file: without this machine's times, and with
// the CPU's properties in order (libvirt writes them in the order of a randomized hash table).
func normalizeCapabilities(document string) string {
	document = cacheTime.ReplaceAllString(document, "<$1>0<")
	document = strings.Replace(document, slowCPUFlag, "", 1)
	lines := strings.SplitAfter(document, "\n")
	for begin := 0; begin < len(lines); begin++ {
		end := begin
		for end < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[end]), "<property ") {
			end++
		}
		if end > begin { // a run of properties
			sort.Strings(lines[begin:end])
			begin = end
		}
	}
	return strings.Join(lines, "")
}
