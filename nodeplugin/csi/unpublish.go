// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package csi

import (
	"context"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/virtplane/virtplane/nodeplugin/volume"
)

// NodeUnpublishVolume ends the session behind a volume and removes its directory. What is not
// there is no error: the kubelet repeats the call until it has heard the answer.
func (d *Driver) NodeUnpublishVolume(ctx context.Context, request *csi.NodeUnpublishVolumeRequest) (_ *csi.NodeUnpublishVolumeResponse, err error) {
	id, target := request.GetVolumeId(), request.GetTargetPath()
	logger := d.config.Logger.WithValues("volume", id)
	defer func() {
		if err != nil {
			logger.Error(err, "Volume is not unpublished")
		}
	}()
	switch {
	case id == "":
		return nil, status.Error(codes.InvalidArgument, "the volume ID is missing")
	case target == "":
		return nil, status.Error(codes.InvalidArgument, "the target path is missing")
	case volume.CheckID(id) != nil:
		return &csi.NodeUnpublishVolumeResponse{}, nil // no volume has such a name
	}
	unlock, err := d.locks.lock(ctx, id)
	if err != nil {
		return nil, status.Errorf(codes.Aborted, "wait for another call for the volume: %v", err)
	}
	defer unlock()
	published, was := d.config.Sessions.Published(id)
	if err := d.config.Sessions.Close(id); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	// A volume without a record may still have its directory, at a place where only the kubelet
	// and this driver make any.
	if d.config.Layout.CheckTarget(target, "") == nil {
		if err := volume.Remove(d.config.Layout, target); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	if err := d.config.Store.Delete(id); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if was {
		logger.Info("Volume unpublished", "vmi", published.Ref())
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}
