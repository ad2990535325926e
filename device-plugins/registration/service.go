// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package registration

import (
	"cmp"
	"context"

	registerapi "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// service answers the kubelet's questions on the registration socket.
type service struct {
	registerapi.UnimplementedRegistrationServer
	registrar *Registrar
}

// GetInfo tells the kubelet what is behind the socket.
func (s *service) GetInfo(context.Context, *registerapi.InfoRequest) (*registerapi.PluginInfo, error) {
	p := s.registrar.plugin
	return &registerapi.PluginInfo{
		Type: p.Type, Name: p.Name, Endpoint: p.Socket, SupportedVersions: p.Versions,
	}, nil
}

// NotifyRegistrationStatus takes the kubelet's verdict.
func (s *service) NotifyRegistrationStatus(ctx context.Context, status *registerapi.RegistrationStatus) (*registerapi.RegistrationStatusResponse, error) {
	reason := ""
	if !status.PluginRegistered {
		reason = cmp.Or(status.Error, "no reason given")
	}
	select {
	case s.registrar.verdicts <- reason:
		return &registerapi.RegistrationStatusResponse{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
