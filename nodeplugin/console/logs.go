// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

const (
	logSuffix = ".log"
	// maxName keeps file names below the 255 bytes that file systems take; the UID tells apart.
	maxName = 120
)

// Logs is the directory of the node's console logs.
type Logs struct {
	// Dir holds one log for each instance, named NAMESPACE_NAME_UID.log.
	Dir string
}

// Path returns the log file of an instance.
func (l Logs) Path(instance types.NamespacedName, uid types.UID) string {
	name := instance.Name
	if len(name) > maxName {
		name = name[:maxName]
	}
	return filepath.Join(l.Dir, fmt.Sprintf("%s_%s_%s%s", instance.Namespace, name, uid, logSuffix))
}

// Sweep removes the logs of instances that exist no more, and returns how many files those were.
func (l Logs) Sweep(exists func(types.UID) bool) int {
	entries, err := os.ReadDir(l.Dir)
	if err != nil {
		return 0
	}
	removed := 0
	for _, entry := range entries {
		stem, _, isLog := strings.Cut(entry.Name(), logSuffix)
		uid := stem[strings.LastIndexByte(stem, '_')+1:]
		if isLog && !exists(types.UID(uid)) && os.Remove(filepath.Join(l.Dir, entry.Name())) == nil {
			removed++
		}
	}
	return removed
}
