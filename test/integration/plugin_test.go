// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/nodeplugin/certificates"
	"github.com/virtplane/virtplane/nodeplugin/kube"
)

const pluginAccount = "virt-nodeplugin"

// plugin is the side of a node plugin that virt-apiserver meets: its pod, its token, its certificate
// and a server at its pod's address. What it does with a guest is up to the test.
type plugin struct {
	node string
	// login is what the plugin's token lets it do, through kube-apiserver.
	login *rest.Config
	// asked gets each request, before it is answered.
	asked chan *http.Request
	// answer answers all but streams; it is changed between requests only.
	answer http.HandlerFunc
	// refuse has streams answered by answer as well; it is changed between requests only.
	refuse bool
	// screen has streams answered by a screen instead of an echo.
	screen bool
}

// startPlugin makes node and its plugin, which end with the test.
func startPlugin(t *testing.T, node string) *plugin {
	t.Helper()
	address := fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(64), rand.IntN(256), 2+rand.IntN(200))
	p := &plugin{node: node, asked: make(chan *http.Request, 8)}
	p.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }
	p.login = tokenLogin(t, createPluginPod(t, node, address))

	ctx, cancel := context.WithCancel(t.Context())
	manager := p.certificates(t, ctx)
	listener := must(net.Listen("tcp", net.JoinHostPort(address, "8186")))(t)
	server := &http.Server{Handler: p}
	served := make(chan error, 1)
	go func() { served <- server.Serve(tls.NewListener(listener, manager)) }()
	t.Cleanup(func() {
		cancel()
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return p
}

// createPluginPod makes the node and the pod of its plugin, as the daemon set and the kubelet do.
func createPluginPod(t *testing.T, node, address string) *corev1.Pod {
	t.Helper()
	_, err := cluster.core.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	pods := cluster.core.CoreV1().Pods(systemNamespace)
	pod := must(pods.Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: pluginAccount + "-", Labels: map[string]string{"app.kubernetes.io/name": pluginAccount}},
		Spec: corev1.PodSpec{
			ServiceAccountName: pluginAccount, NodeName: node,
			Containers: []corev1.Container{{Name: "plugin", Image: "example.com/plugin:1"}},
		},
	}, metav1.CreateOptions{}))(t)
	pod.Status.Phase, pod.Status.PodIP, pod.Status.PodIPs = corev1.PodRunning, address, []corev1.PodIP{{IP: address}}
	return must(pods.UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}))(t)
}

// tokenLogin returns the login of a pod: a token that is bound to it and so names its node.
func tokenLogin(t *testing.T, pod *corev1.Pod) *rest.Config {
	t.Helper()
	request := &authenticationv1.TokenRequest{}
	if pod != nil {
		request.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID}
	}
	token := must(cluster.core.CoreV1().ServiceAccounts(systemNamespace).CreateToken(t.Context(), pluginAccount, request, metav1.CreateOptions{}))(t)
	login := rest.AnonymousClientConfig(cluster.admin)
	login.BearerToken = token.Status.Token
	return login
}

// certificates gets the plugin's certificate with the plugin's own code: virt-apiserver signs it.
func (p *plugin) certificates(t *testing.T, ctx context.Context) *tls.Config {
	t.Helper()
	client := must(kube.New(p.login, must(rest.HTTPClientFor(p.login))(t)))(t)
	manager := must(certificates.New(certificates.Config{Node: p.node, Namespace: systemNamespace, Requests: client, Bundles: client}))(t)
	ended := make(chan struct{})
	go func() { manager.Run(ctx); close(ended) }()
	t.Cleanup(func() { <-ended })
	config := manager.ServerConfig()
	eventually(t, "certificate of the plugin", func(context.Context) error {
		_, err := config.GetConfigForClient(nil)
		return err
	})
	return config
}

func (p *plugin) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	p.asked <- req
	if req.Header.Get("Upgrade") == "" || p.refuse {
		p.answer(w, req)
		return
	}
	upgrader := websocket.Upgrader{Subprotocols: []string{"plain.kubevirt.io", "binary"}, CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, req, http.Header{v1.ConsolePositionHeader: {"run:5"}})
	if err != nil {
		return // the client hears of it
	}
	defer conn.Close()
	if p.screen {
		serveScreen(conn)
		return
	}
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, append([]byte("guest: "), message...)) != nil {
			return
		}
	}
}
