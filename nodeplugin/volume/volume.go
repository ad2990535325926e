// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package volume holds the published session directories of a node: what each belongs to, where
// it lies below the kubelet's directory, its listening socket, and the record that outlives the
// process. Who may have one is decided by package csi.
package volume

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
)

// Volume is a session directory that was published into a pod. It is the identity of whoever
// connects to the socket inside.
type Volume struct {
	// ID is the volume ID that the kubelet uses.
	ID string `json:"id"`
	// Namespace is that of the pod and of the virtual machine instance.
	Namespace string `json:"namespace"`
	// PodName and PodUID are the pod that the kubelet named.
	PodName string    `json:"podName"`
	PodUID  types.UID `json:"podUID"`
	// Instance and InstanceUID are the virtual machine instance that the pod runs.
	Instance    string    `json:"instance"`
	InstanceUID types.UID `json:"instanceUID"`
	// Target is the directory as the kubelet named it.
	Target string `json:"target"`
}

// Ref names the virtual machine instance, for logs.
func (v Volume) Ref() klog.ObjectRef { return klog.KRef(v.Namespace, v.Instance) }

// idPattern admits what the kubelet makes (csi- and 64 hexadecimal digits) and nothing that means
// something in a path.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// CheckID tells why id cannot be the name of a record.
func CheckID(id string) error {
	if !idPattern.MatchString(id) {
		return fmt.Errorf("volume ID %q must match %s", id, idPattern)
	}
	return nil
}

// Layout knows the places below the kubelet's directory.
type Layout struct {
	// Kubelet is the kubelet's directory, such as /var/lib/kubelet.
	Kubelet string
	// Driver is the name of the CSI driver.
	Driver string
}

// Plugin is the node plugin's own directory.
func (l Layout) Plugin() string { return filepath.Join(l.Kubelet, "plugins", l.Driver) }

// Registry is where the kubelet looks for plugins.
func (l Layout) Registry() string { return filepath.Join(l.Kubelet, "plugins_registry") }

// Records is where the published volumes are remembered.
func (l Layout) Records() string { return filepath.Join(l.Plugin(), "volumes") }

// Logs is where the console logs are.
func (l Layout) Logs() string { return filepath.Join(l.Plugin(), "logs") }

// CheckTarget tells why target is not the directory of an inline volume of the pod podUID; an
// empty podUID stands for any pod. Everything above the directory is then made by the kubelet, so
// no tenant can have put a link there.
func (l Layout) CheckTarget(target, podUID string) error {
	rest, below := strings.CutPrefix(target, filepath.Join(l.Kubelet, "pods")+"/")
	parts := strings.Split(rest, "/")
	switch {
	case filepath.Clean(target) != target, !below, len(parts) != 5, parts[0] == "",
		parts[1] != "volumes", parts[2] != "kubernetes.io~csi", parts[4] != "mount":
		return fmt.Errorf("target path %q is not %s/pods/POD/volumes/kubernetes.io~csi/VOLUME/mount", target, l.Kubelet)
	case podUID != "" && parts[0] != podUID:
		return fmt.Errorf("target path %q does not belong to the pod %q", target, podUID)
	}
	return nil
}
