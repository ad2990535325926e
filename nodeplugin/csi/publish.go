// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package csi

import (
	"context"
	"fmt"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/nodeplugin/volume"
)

const (
	// instanceTimeout is how long a publish waits for virt-controller's word that the pod belongs
	// to the instance, which often comes a moment after the kubelet's call. The kubelet repeats
	// calls that fail, at growing intervals.
	instanceTimeout = 8 * time.Second

	attributeInstance    = "vmi"
	attributeInstanceUID = "uid"

	// What the kubelet adds for a CSIDriver with podInfoOnMount (k8s.io CSI documentation).
	contextEphemeral    = "csi.storage.k8s.io/ephemeral"
	contextPodName      = "csi.storage.k8s.io/pod.name"
	contextPodNamespace = "csi.storage.k8s.io/pod.namespace"
	contextPodUID       = "csi.storage.k8s.io/pod.uid"
)

// NodePublishVolume makes the session directory of a launcher pod, with a socket that listens.
// There is no mount: the kubelet hands the directory itself to the container.
func (d *Driver) NodePublishVolume(ctx context.Context, request *csi.NodePublishVolumeRequest) (_ *csi.NodePublishVolumeResponse, err error) {
	attributes := request.GetVolumeContext()
	v := volume.Volume{
		ID:          request.GetVolumeId(),
		Namespace:   attributes[contextPodNamespace],
		PodName:     attributes[contextPodName],
		PodUID:      types.UID(attributes[contextPodUID]),
		Instance:    attributes[attributeInstance],
		InstanceUID: types.UID(attributes[attributeInstanceUID]),
		Target:      request.GetTargetPath(),
	}
	logger := d.config.Logger.WithValues("volume", v.ID, "pod", klog.KRef(v.Namespace, v.PodName), "vmi", v.Ref())
	defer func() {
		if err != nil {
			publishErrors.WithLabelValues(status.Code(err).String()).Inc()
			logger.Error(err, "Volume is not published")
		}
	}()
	if err := d.check(request); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	unlock, err := d.locks.lock(ctx, v.ID)
	if err != nil {
		return nil, status.Errorf(codes.Aborted, "wait for another call for the volume: %v", err)
	}
	defer unlock()
	if published, is := d.config.Sessions.Published(v.ID); is {
		if published != v {
			return nil, status.Errorf(codes.AlreadyExists, "the volume is published for the pod %s/%s at %s", published.Namespace, published.PodName, published.Target)
		}
		return &csi.NodePublishVolumeResponse{}, nil
	}
	if err := d.authorize(ctx, v); err != nil {
		return nil, err
	}
	if err := d.publish(v); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	logger.Info("Volume published")
	return &csi.NodePublishVolumeResponse{}, nil
}

// check tells what is wrong with a request, in the words of who wrote the pod.
func (d *Driver) check(request *csi.NodePublishVolumeRequest) error {
	const field = "pod.spec.volumes[].csi"
	attributes, capability := request.GetVolumeContext(), request.GetVolumeCapability()
	switch {
	case request.GetVolumeId() == "":
		return fmt.Errorf("the volume ID is missing")
	case request.GetTargetPath() == "":
		return fmt.Errorf("the target path is missing")
	case capability == nil:
		return fmt.Errorf("the volume capability is missing")
	case capability.GetBlock() != nil:
		return fmt.Errorf("%s: %s cannot be a block device", field, d.config.Layout.Driver)
	case capability.GetMount() == nil:
		return fmt.Errorf("the volume capability has no access type")
	case capability.GetMount().GetFsType() != "":
		return fmt.Errorf("%s.fsType: %q is not supported; leave it out", field, capability.GetMount().GetFsType())
	case len(capability.GetMount().GetMountFlags()) > 0:
		return fmt.Errorf("mount options %v are not supported", capability.GetMount().GetMountFlags())
	case attributes[contextEphemeral] != "true":
		return fmt.Errorf("%s serves only inline volumes (%s), no persistent ones", d.config.Layout.Driver, field)
	case !request.GetReadonly():
		return fmt.Errorf("%s.readOnly must be true", field)
	case attributes[attributeInstance] == "":
		return fmt.Errorf("%s.volumeAttributes.%s must name the virtual machine instance", field, attributeInstance)
	case attributes[attributeInstanceUID] == "":
		return fmt.Errorf("%s.volumeAttributes.%s must be the UID of the virtual machine instance", field, attributeInstanceUID)
	case attributes[contextPodName] == "", attributes[contextPodNamespace] == "", attributes[contextPodUID] == "":
		return fmt.Errorf("the kubelet did not say which pod it is: the CSIDriver needs podInfoOnMount")
	}
	if err := volume.CheckID(request.GetVolumeId()); err != nil {
		return err
	}
	return d.config.Layout.CheckTarget(request.GetTargetPath(), attributes[contextPodUID])
}

// authorize waits until the instance says that the pod is its own. Only virt-controller writes
// status.activePods; labels and owners of a pod can be written by its tenant.
func (d *Driver) authorize(ctx context.Context, v volume.Volume) error {
	ctx, cancel := context.WithTimeout(ctx, instanceTimeout)
	defer cancel()
	name := types.NamespacedName{Namespace: v.Namespace, Name: v.Instance}
	_, err := d.config.Instances.Await(ctx, name, func(vmi *v1.VirtualMachineInstance) error {
		return d.owns(vmi, v)
	})
	switch {
	case err == nil:
		return nil
	case status.Code(err) != codes.Unknown:
		return err
	}
	return status.Error(codes.Unavailable, err.Error())
}

// owns tells why the pod of v is not one of vmi's on this node.
func (d *Driver) owns(vmi *v1.VirtualMachineInstance, v volume.Volume) error {
	switch {
	case vmi == nil:
		return fmt.Errorf("virtual machine instance %s/%s is not on the node %s", v.Namespace, v.Instance, d.config.Node)
	case vmi.UID != v.InstanceUID:
		return status.Errorf(codes.PermissionDenied, "virtual machine instance %s/%s is another one than the pod's: its UID is not %s", v.Namespace, v.Instance, v.InstanceUID)
	case vmi.IsFinal():
		return status.Errorf(codes.FailedPrecondition, "virtual machine instance %s/%s has ended: it is %s", v.Namespace, v.Instance, vmi.Status.Phase)
	case vmi.Status.ActivePods[v.PodUID] != d.config.Node:
		return status.Errorf(codes.PermissionDenied, "pod %s/%s is not an active pod of virtual machine instance %s on the node %s", v.Namespace, v.PodName, v.Instance, d.config.Node)
	}
	return nil
}

// publish remembers and opens v, or leaves nothing behind: the kubelet does not unpublish what
// was not published.
func (d *Driver) publish(v volume.Volume) error {
	// The record comes first: what a process that is killed now leaves behind is known to the next.
	if err := d.config.Store.Save(v); err != nil {
		return err
	}
	err := d.config.Sessions.Open(v)
	if err == nil {
		return nil
	}
	for _, undo := range []func() error{
		func() error { return d.config.Sessions.Close(v.ID) },
		func() error { return volume.Remove(d.config.Layout, v.Target) },
		func() error { return d.config.Store.Delete(v.ID) },
	} {
		if undoErr := undo(); undoErr != nil {
			d.config.Logger.Error(undoErr, "Undo publishing", "volume", v.ID)
		}
	}
	return err
}
