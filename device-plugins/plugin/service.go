// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	deviceapi "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// GetDevicePluginOptions tells the kubelet that no call but Allocate is needed.
func (p *Plugin) GetDevicePluginOptions(context.Context, *deviceapi.Empty) (*deviceapi.DevicePluginOptions, error) {
	return &deviceapi.DevicePluginOptions{}, nil
}

// ListAndWatch sends the units and their health, at once and after every change.
func (p *Plugin) ListAndWatch(_ *deviceapi.Empty, stream grpc.ServerStreamingServer[deviceapi.ListAndWatchResponse]) error {
	for {
		list, changed := p.list()
		if err := stream.Send(list); err != nil {
			return err
		}
		select {
		case <-stream.Context().Done():
			return nil
		case <-changed:
		}
	}
}

// Allocate returns what the runtime adds to each container. The units of a device are all the
// same device, so their IDs do not matter.
func (p *Plugin) Allocate(_ context.Context, request *deviceapi.AllocateRequest) (*deviceapi.AllocateResponse, error) {
	if problem := p.Problem(); problem != nil {
		return nil, status.Errorf(codes.Unavailable, "%s is not usable on this node: %v", p.device.Resource, problem)
	}
	response := &deviceapi.AllocateResponse{}
	for range request.ContainerRequests {
		container := &deviceapi.ContainerAllocateResponse{
			Devices: []*deviceapi.DeviceSpec{{
				ContainerPath: p.device.Path, HostPath: p.device.Path, Permissions: "rw",
			}},
		}
		if name := p.cdi.Device(p.device.Path); name != "" {
			container.CdiDevices = []*deviceapi.CDIDevice{{Name: name}}
		}
		response.ContainerResponses = append(response.ContainerResponses, container)
	}
	return response, nil
}
