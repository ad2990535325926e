// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// secondHost runs another kube-apiserver for one test, with flags besides or instead of the usual ones.
func secondHost(t *testing.T, flags ...string) *host {
	t.Helper()
	// Socket paths must be short.
	dir := must(os.MkdirTemp("", "virtplane-host-"))(t)
	t.Cleanup(func() { os.RemoveAll(dir) })
	h := must(startHost(t.Context(), dir, flags...))(t)
	t.Cleanup(h.stop)
	if err := h.install(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestAFrontProxyOfAnyNameIsNotTrusted holds that a host cluster that does not say by which name its
// front proxy goes gets a clear refusal, not a server on which users can speak for each other.
func TestAFrontProxyOfAnyNameIsNotTrusted(t *testing.T) {
	h := secondHost(t, "--requestheader-allowed-names=")
	s := must(h.newServer(h.file("data")))(t)
	if err := s.spawn(h.file("virt-apiserver.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.kill(); err != nil {
			t.Error(err)
		}
		s.listener.Close()
	})
	admin := func() *rest.Config { return must(s.login("admin", "system:masters"))(t) }
	const setting = "--requestheader-allowed-names"
	readiness := func(ctx context.Context) (answer, error) {
		_ = s.probe(ctx) // learns the CA
		return send(ctx, admin(), http.MethodGet, "/readyz/front-proxy", "", nil)
	}
	eventually(t, "readiness that names the setting", func(ctx context.Context) error {
		a, err := readiness(ctx)
		if err == nil && (a.code != http.StatusInternalServerError || !strings.Contains(a.body, setting)) {
			err = fmt.Errorf("%d %s", a.code, a.body)
		}
		return err
	})
	const path = "/apis/kubevirt.io/v1/virtualmachines"
	signed := func(name string) *rest.Config {
		login := admin()
		cert := must(h.frontProxy.Client(name))(t)
		login.CertData, login.KeyData = cert.Cert, cert.Key
		return login
	}
	mallory, proxy := signed("another-service"), signed(kubeapiserver.FrontProxyName)
	a := call(t, mallory, http.MethodGet, path, "", forwarded("admin", "system:masters"))
	if status := a.status(t); a.code != http.StatusServiceUnavailable || !strings.Contains(status.Message, setting) {
		t.Errorf("somebody with a certificate of the front proxy's CA: %d %s", a.code, a.body)
	}
	if a := call(t, admin(), http.MethodGet, path, "", nil); a.code != http.StatusOK {
		t.Errorf("an administrator who asks directly: %d %s", a.code, a.body)
	}
	eventually(t, "event", func(ctx context.Context) error {
		events, err := h.core.CoreV1().Events(systemNamespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=UnsafeFrontProxy"})
		if err == nil && (len(events.Items) != 1 || !strings.Contains(events.Items[0].Message, setting) || events.Items[0].InvolvedObject.Name != "virt-apiserver") {
			err = fmt.Errorf("events %v", events.Items)
		}
		return err
	})
	if log := string(must(os.ReadFile(h.file("virt-apiserver.log")))(t)); !strings.Contains(log, setting) {
		t.Error("the log does not name the setting")
	}

	// The setting takes effect while the server runs, and so does its loss.
	set := func(names string) {
		t.Helper()
		must(h.core.CoreV1().ConfigMaps("kube-system").Patch(t.Context(), "extension-apiserver-authentication", types.MergePatchType,
			fmt.Appendf(nil, `{"data":{"requestheader-allowed-names":%q}}`, names), metav1.PatchOptions{}))(t)
	}
	set(`["front-proxy-client"]`)
	eventually(t, "readiness", func(ctx context.Context) error { return s.probe(ctx) })
	if a := call(t, mallory, http.MethodGet, path, "", forwarded("admin", "system:masters")); a.code != http.StatusUnauthorized {
		t.Errorf("somebody with a certificate of the front proxy's CA: %d %s", a.code, a.body)
	}
	if a := call(t, proxy, http.MethodGet, path, "", forwarded("admin", "system:masters")); a.code != http.StatusOK {
		t.Errorf("the front proxy: %d %s", a.code, a.body)
	}
	set(`[]`)
	eventually(t, "loss of the setting", func(ctx context.Context) error {
		a, err := send(ctx, proxy, http.MethodGet, path, "", forwarded("admin", "system:masters"))
		if err == nil && a.code != http.StatusServiceUnavailable {
			err = fmt.Errorf("%d %s", a.code, a.body)
		}
		return err
	})
}

// TestUsersCannotForgeHeaders holds what a user with a valid login gets who claims to be somebody else.
func TestUsersCannotForgeHeaders(t *testing.T) {
	const path = "/apis/kubevirt.io/v1/virtualmachines"
	refused := func(user string) string {
		return `virtualmachines.kubevirt.io is forbidden: User "` + user + `" cannot list resource "virtualmachines" in API group "kubevirt.io" at the cluster scope`
	}
	alice := must(cluster.server.login("alice"))(t)
	expectRefusal(t, "a user's certificate with forged headers", call(t, alice, http.MethodGet, path, "", forwarded("admin", "system:masters")), 403, refused("alice"))
	token := tokenLogin(t, nil)
	direct := rest.AnonymousClientConfig(cluster.direct)
	direct.BearerToken = token.BearerToken
	expectRefusal(t, "a token with forged headers", call(t, direct, http.MethodGet, path, "", forwarded("admin", "system:masters")), 403,
		refused("system:serviceaccount:virtplane-system:virt-nodeplugin"))
	// kube-apiserver takes the headers of its users out before it sets its own.
	through := rest.AnonymousClientConfig(cluster.admin)
	through.BearerToken = token.BearerToken
	forged := forwarded("admin", "system:masters")
	forged["X-Remote-Uid"], forged["X-Remote-Extra-Authentication.kubernetes.io%2fnode-Name"] = "1", "other-node"
	expectRefusal(t, "forged headers through kube-apiserver", call(t, through, http.MethodGet, path, "", forged), 403,
		refused("system:serviceaccount:virtplane-system:virt-nodeplugin"))
	// The front proxy itself may name any groups: it has authenticated the user.
	proxy := loginWith(t, cluster.frontProxy, kubeapiserver.FrontProxyName)
	if a := call(t, proxy, http.MethodGet, path, "", forwarded("alice", "system:masters")); a.code != http.StatusOK {
		t.Errorf("a user whom the front proxy gives groups: %d %s", a.code, a.body)
	}
}
