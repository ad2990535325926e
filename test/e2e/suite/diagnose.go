// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// diagnoseTime bounds each question when a test has failed.
const diagnoseTime = 20 * time.Second

// diagnose prints what the cluster knows of the namespace, and what the components say of it.
func (n *Namespace) diagnose() {
	recent := "--since=5m"
	system := "--namespace=" + SystemNamespace
	for _, question := range [][]string{
		{"get", "vm,vmi,pod", "--output=wide"},
		{"describe", "vm"},
		{"describe", "vmi"},
		{"describe", "pod"},
		{"events"},
		{"logs", "--selector=kubevirt.io=virt-launcher", "--prefix", "--tail=60"},
		{system, "get", "pods", "--output=wide"},
		{system, "logs", "--selector=app.kubernetes.io/name=virt-nodeplugin", "--prefix", "--tail=400", recent},
		{system, "logs", "--selector=app.kubernetes.io/name=virt-controller", "--prefix", "--tail=400", recent},
		{system, "logs", "--selector=app.kubernetes.io/name=virt-apiserver", "--prefix", "--tail=60", recent},
	} {
		n.Logf("--- kubectl %s\n%s", strings.Join(question, " "), n.ask(question))
	}
}

// ask runs kubectl; of the components' logs it keeps what is about this namespace or a trouble.
func (n *Namespace) ask(question []string) string {
	ctx, cancel := context.WithTimeout(context.Background(), diagnoseTime)
	defer cancel()
	output, err := n.Command(ctx, "kubectl", question...).CombinedOutput()
	text := string(output)
	if err != nil {
		text += fmt.Sprintf("(%v)", err)
	}
	if !slices.Contains(question, "logs") {
		return text
	}
	var kept []string
	for line := range strings.Lines(text) {
		about := strings.Contains(line, n.ID) || strings.Contains(line, "] E") || strings.Contains(line, "panic")
		if about {
			kept = append(kept, strings.TrimRight(line, "\n"))
		}
	}
	return strings.Join(kept[max(0, len(kept)-60):], "\n")
}
