// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"

	"github.com/emicklei/go-restful/v3"
	genericapiserver "k8s.io/apiserver/pkg/server"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apis/version"
)

// addVersion serves the version where clients of the published API ask for it. It is no resource,
// so it goes into the web service of its group by hand.
func addVersion(server *genericapiserver.GenericAPIServer) error {
	root := "/apis/" + v1.SubresourceGroupVersion.String()
	for _, ws := range server.Handler.GoRestfulContainer.RegisteredWebServices() {
		if ws.RootPath() != root {
			continue
		}
		ws.Route(ws.GET("/version").
			Doc("get the version of virtplane").
			Operation("getVirtplaneVersion").
			Produces(restful.MIME_JSON).
			To(func(_ *restful.Request, resp *restful.Response) {
				// The only way to fail is a client that went away.
				_ = resp.WriteAsJson(version.Get())
			}))
		return nil
	}
	return errors.New("serve the version: no web service at " + root)
}
