// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package template makes the launcher pod of a VirtualMachineInstance. The pod holds no privilege:
// it passes Pod Security "restricted", and all that the guest needs of the node comes through device
// resources and one volume of virtplane's CSI driver.
package template

import (
	"fmt"
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// ContainerName is the launcher's container.
	ContainerName = "compute"
	// launcherPath is the launcher in its image.
	launcherPath = "/usr/bin/virt-launcher"
	// graceMargin is what the kubelet gives the launcher on top of the guest's grace period, in seconds.
	graceMargin = 15
	// defaultGrace is the guest's grace period in seconds when the instance has none.
	defaultGrace = 30

	defaultContainerAnnotation = "kubectl.kubernetes.io/default-container"
)

// skippedAnnotations describe the instance's manifest, not the instance.
var skippedAnnotations = []string{
	corev1.LastAppliedConfigAnnotation,
	"kubevirt.io/latest-observed-api-version",
	"kubevirt.io/storage-observed-api-version",
}

// Options are the settings of the cluster that pods depend on.
type Options struct {
	// Image is the launcher's.
	Image string
	// Verbosity is the launcher's log level.
	Verbosity int64
	config.Launchers
}

// Pod returns the launcher pod of the instance, or an error that names the field that it cannot serve.
func Pod(vmi *v1.VirtualMachineInstance, options Options) (*corev1.Pod, error) {
	volumes, err := volumesOf(vmi)
	if err != nil {
		return nil, err
	}
	overhead := options.Overhead(vmi)
	grace := ptr.Deref(vmi.Spec.TerminationGracePeriodSeconds, defaultGrace)
	spec := &vmi.Spec
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       vmi.Namespace,
			Name:            Name(vmi),
			Labels:          labels(vmi),
			Annotations:     annotations(vmi, overhead.Value()),
			OwnerReferences: []metav1.OwnerReference{owner(vmi)},
		},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Name:                     ContainerName,
				Image:                    options.Image,
				ImagePullPolicy:          options.ImagePullPolicy,
				Command:                  []string{launcherPath},
				Args:                     arguments(vmi, grace, options),
				Ports:                    ports(vmi),
				Resources:                resources(vmi, overhead, options),
				VolumeMounts:             volumes.mounts,
				VolumeDevices:            volumes.devices,
				LivenessProbe:            livenessProbe(vmi),
				ReadinessProbe:           readinessProbe(vmi),
				SecurityContext:          containerSecurity(),
				TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
			}},
			Volumes:                       volumes.volumes,
			ImagePullSecrets:              volumes.pullSecrets,
			RestartPolicy:                 corev1.RestartPolicyNever,
			TerminationGracePeriodSeconds: ptr.To(grace + graceMargin),
			SecurityContext:               podSecurity(),
			AutomountServiceAccountToken:  ptr.To(false),
			EnableServiceLinks:            ptr.To(false),
			Hostname:                      hostname(vmi),
			Subdomain:                     spec.Subdomain,
			DNSPolicy:                     spec.DNSPolicy,
			DNSConfig:                     spec.DNSConfig.DeepCopy(),
			NodeSelector:                  nodeSelector(vmi, options.NodeSelector),
			Affinity:                      spec.Affinity.DeepCopy(),
			Tolerations:                   spec.Tolerations,
			TopologySpreadConstraints:     spec.TopologySpreadConstraints,
			PriorityClassName:             spec.PriorityClassName,
			SchedulerName:                 spec.SchedulerName,
			RuntimeClassName:              runtimeClass(options),
		},
	}, nil
}

func arguments(vmi *v1.VirtualMachineInstance, grace int64, options Options) []string {
	args := []string{
		"--name=" + vmi.Name,
		"--namespace=" + vmi.Namespace,
		"--uid=" + string(vmi.UID),
		"--grace-period-seconds=" + strconv.FormatInt(grace, 10),
	}
	if options.UseEmulation {
		args = append(args, "--allow-emulation")
	}
	if options.Verbosity > 0 {
		args = append(args, "--v="+strconv.FormatInt(options.Verbosity, 10))
	}
	return args
}

func labels(vmi *v1.VirtualMachineInstance) map[string]string {
	out := map[string]string{}
	maps.Copy(out, vmi.Labels)
	out[v1.AppLabel] = v1.AppLabelLauncher
	out[v1.CreatedByLabel] = string(vmi.UID)
	out[v1.VirtualMachineNameLabel] = labelValue(vmi.Name)
	out[v1.VirtualMachineInstanceIDLabel] = v1.InstanceID(vmi.Name)
	return out
}

func annotations(vmi *v1.VirtualMachineInstance, overhead int64) map[string]string {
	out := map[string]string{}
	maps.Copy(out, vmi.Annotations)
	for _, key := range skippedAnnotations {
		delete(out, key)
	}
	out[v1.DomainAnnotation] = vmi.Name
	out[defaultContainerAnnotation] = ContainerName
	out[v1.MemoryOverheadAnnotation] = fmt.Sprint(overhead)
	return out
}

func owner(vmi *v1.VirtualMachineInstance) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion:         v1.SchemeGroupVersion.String(),
		Kind:               "VirtualMachineInstance",
		Name:               vmi.Name,
		UID:                vmi.UID,
		Controller:         ptr.To(true),
		BlockOwnerDeletion: ptr.To(true),
	}
}
