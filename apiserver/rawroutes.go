// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/emicklei/go-restful/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/apis/version"
	"github.com/virtplane/virtplane/registry/virtualmachine"
)

// noGuestfs is what a client that looks for the image of libguestfs can do.
const noGuestfs = "virtplane has no image of libguestfs-tools; name one, as by virtctl guestfs --image"

// addRawRoutes serves what clients of the published API ask for beside resources. It goes into the web
// services of the groups by hand; authorization knows it all the same, by its path.
func addRawRoutes(server *genericapiserver.GenericAPIServer, host kubernetes.Interface) error {
	for _, group := range []schema.GroupVersion{v1.SchemeGroupVersion, v1.SubresourceGroupVersion} {
		ws, err := webService(server, "/apis/"+group.String())
		if err != nil {
			return err
		}
		ws.Route(ws.PUT("/namespaces/{namespace}/expand-vm-spec").
			Doc("expand the instance type and the preference of a VirtualMachine that need not exist").
			Operation("replace" + operationGroup(group) + "ExpandVMSpec").
			Param(ws.PathParameter("namespace", "namespace of the VirtualMachine")).
			Consumes("*/*").Produces(restful.MIME_JSON).
			Reads(v1.VirtualMachine{}).Writes(v1.VirtualMachine{}).
			To(expandVMSpec))
	}
	ws, err := webService(server, "/apis/"+v1.SubresourceGroupVersion.String())
	if err != nil {
		return err
	}
	ws.Route(ws.GET("/version").
		Doc("get the release of the API that is served and the version of virtplane").
		Operation("getVirtplaneVersion").
		Produces(restful.MIME_JSON).
		To(func(_ *restful.Request, resp *restful.Response) {
			// The only way to fail is a client that went away.
			_ = resp.WriteAsJson(version.Served())
		}))
	ws.Route(ws.GET("/guestfs").
		Doc("get the image of libguestfs-tools").
		Operation("getGuestfs").
		Produces(restful.MIME_JSON).
		To(func(req *restful.Request, resp *restful.Response) {
			fail(resp, req, &apierrors.StatusError{ErrStatus: metav1.Status{
				Status: metav1.StatusFailure, Code: http.StatusNotImplemented, Reason: "NotImplemented", Message: noGuestfs,
			}})
		}))
	ws.Route(ws.GET("/healthz").
		Doc("tell whether virt-apiserver reaches kube-apiserver").
		Operation("getVirtplaneHealth").
		Produces(restful.MIME_JSON).
		To(health(host)))
	return nil
}

func webService(server *genericapiserver.GenericAPIServer, root string) (*restful.WebService, error) {
	for _, ws := range server.Handler.GoRestfulContainer.RegisteredWebServices() {
		if ws.RootPath() == root {
			return ws, nil
		}
	}
	return nil, errors.New("add routes: no web service at " + root)
}

// operationGroup keeps the names of operations apart, which OpenAPI wants unique.
func operationGroup(group schema.GroupVersion) string {
	if group.Group == v1.GroupName {
		return "Kubevirt"
	}
	return "Subresources"
}

func expandVMSpec(req *restful.Request, resp *restful.Response) {
	answer, err := virtualmachine.ExpandVMSpec(req.Request, req.PathParameter("namespace"))
	if err != nil {
		fail(resp, req, err)
		return
	}
	answer.ServeHTTP(resp.ResponseWriter, req.Request)
}

func fail(resp *restful.Response, req *restful.Request, err error) {
	responsewriters.ErrorNegotiated(err, Codecs, schema.GroupVersion{Version: "v1"}, resp.ResponseWriter, req.Request)
}

// health answers in the words of the published API.
func health(host kubernetes.Interface) restful.RouteFunction {
	return func(req *restful.Request, resp *restful.Response) {
		code, answer := http.StatusOK, map[string]any{"connectivity": "ok"}
		info, err := host.Discovery().ServerVersion()
		if err == nil {
			answer["version"] = info
		} else {
			code, answer = http.StatusInternalServerError, map[string]any{"connectivity": "failed", "error": fmt.Sprintf("get version of kube-apiserver: %v", err)}
		}
		// The only way to fail is a client that went away.
		_ = resp.WriteHeaderAndJson(code, map[string]any{"apiserver": answer}, restful.MIME_JSON)
	}
}
