// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/virtplane/virtplane/hack/cluster/kube"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// storageClass is the default: volumes that exist already, bound when the pod that uses them has a node.
const storageClass = `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: local
  annotations:
    storageclass.kubernetes.io/is-default-class: "true"
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
`

// volumeFormat is one directory of a node; %[1]s is the node, %[2]d the number, %[3]s the directory.
const volumeFormat = `---
apiVersion: v1
kind: PersistentVolume
metadata:
  name: local-%[1]s-%[2]d
spec:
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: local
  local: {path: %[3]s/%[2]d}
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions:
        - {key: kubernetes.io/hostname, operator: In, values: [%[1]s]}
`

// AddStorage creates the default StorageClass and the local volumes.
func AddStorage(ctx context.Context, s *settings.Settings) error {
	var b strings.Builder
	b.WriteString(storageClass)
	for index := 1; index <= s.Nodes; index++ {
		for volume := range kube.LocalVolumes {
			fmt.Fprintf(&b, volumeFormat, kube.NodeName(index), volume, kube.LocalVolumeDir)
		}
	}
	_, err := Kubectl(ctx, s, strings.NewReader(b.String()), "apply", "--filename=-")
	return err
}
