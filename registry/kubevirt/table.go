// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// table prints KubeVirts.
var table = frame.Table[*v1.KubeVirt]{
	Columns: []metav1.TableColumnDefinition{
		frame.Name("settings"),
		frame.Age("object"),
		frame.Column("Phase", "Whether the installation is complete"),
		frame.Wide("Version", "Version that runs everywhere"),
		frame.Wide("Available", "Whether guests can be started"),
		frame.Wide("Degraded", "Whether some part is not ready"),
	},
	Row: func(kv *v1.KubeVirt, name, age string) []any {
		return []any{name, age, string(kv.Status.Phase), kv.Status.ObservedKubeVirtVersion,
			condition(kv, v1.KubeVirtConditionAvailable), condition(kv, v1.KubeVirtConditionDegraded)}
	},
}

func condition(kv *v1.KubeVirt, t v1.KubeVirtConditionType) string {
	if c := kv.Condition(t); c != nil {
		return string(c.Status)
	}
	return ""
}
