// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/keyutil"
)

// request makes the request of node's plugin and returns the certificate that the running manager signs.
func (mt *managerTest) request(ctx context.Context, t *testing.T, node string) []byte {
	t.Helper()
	certPEM, _ := mt.requestWithKey(ctx, t, node)
	return certPEM
}

func (mt *managerTest) requestWithKey(ctx context.Context, t *testing.T, node string) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	requests := mt.kube.CertificatesV1().CertificateSigningRequests()
	w, err := requests.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spec, key := requestFor(t, node)
	request := &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{Name: "plugin-" + node}, Spec: spec}
	if _, err := requests.Create(ctx, request, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var certPEM []byte
	await(ctx, t, w, "the certificate of "+node, func(obj runtime.Object) bool {
		certPEM = obj.(*certificatesv1.CertificateSigningRequest).Status.Certificate
		return len(certPEM) > 0
	})
	return certPEM, key
}

// serveTLS accepts one connection as a plugin does, checks the client, and returns what the handshake came to.
func serveTLS(t *testing.T, mt *managerTest, certificate tls.Certificate) (address string, result <-chan error) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(mt.CABundle())
	socket, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.RequireAnyClientCert,
		Time:         mt.Manager.clock.Now,
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyPeer(state, roots, APIServerID, x509.ExtKeyUsageClientAuth, mt.Manager.clock.Now())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	outcome := make(chan error, 1)
	go func() {
		conn, err := socket.Accept()
		if err == nil {
			defer conn.Close()
			err = conn.(*tls.Conn).HandshakeContext(t.Context())
		}
		outcome <- err
	}()
	return socket.Addr().String(), outcome
}

func TestNodeTLSConfigAcceptsThePluginOfTheNodeAlone(t *testing.T) {
	mt := newManagerTest(t)
	ctx := mt.start(t)
	certPEM, key := mt.requestWithKey(ctx, t, "node-1")
	keyPEM, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	stranger := newManagerTest(t)
	strange, err := newLeaf(stranger.authority.current, pluginTemplate("node-1"), epoch, day)
	if err != nil {
		t.Fatal(err)
	}
	clientOnly := pluginTemplate("node-1")
	clientOnly.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	wrongPurpose, err := newLeaf(mt.authority.current, clientOnly, epoch, day)
	if err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct {
		name   string
		node   string
		server tls.Certificate
		want   string
	}{
		{"the plugin of the node", "node-1", plugin, ""},
		{"the plugin of another node", "node-2", plugin, "want spiffe://virtplane.io/nodeplugin/node-2"},
		{"a node name that is a prefix", "node", plugin, "want spiffe://virtplane.io/nodeplugin/node"},
		{"virt-apiserver itself", "node-1", *mt.serving.current().tls, "want spiffe://virtplane.io/nodeplugin/node-1"},
		{"virt-apiserver's client certificate", "node-1", *mt.client.tls, "incompatible key usage"},
		{"the right URI for clients only", "node-1", *wrongPurpose.tls, "incompatible key usage"},
		{"the right URI of another CA", "node-1", *strange.tls, "unknown authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, server := serveTLS(t, mt, c.server)
			dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: mt.NodeTLSConfig(c.node)}
			conn, err := dialer.DialContext(ctx, "tcp", address)
			if err == nil {
				defer conn.Close()
			}
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := <-server; err != nil {
					t.Errorf("the plugin refused virt-apiserver: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func pluginTemplate(node string) x509.Certificate {
	uri := nodePluginURI(node)
	t := clientTemplate()
	t.URIs[0] = uri
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return t
}

// TestNodeTLSConfigFollowsARotation keeps one configuration over a change of the CA.
func TestNodeTLSConfigFollowsARotation(t *testing.T) {
	mt := newManagerTest(t)
	config := mt.NodeTLSConfig("node-1")
	for _, today := range []int{0, 3255, 3285, 3650} {
		mt.clock.SetTime(epoch.Add(time.Duration(today) * day))
		if err := mt.reconcile(context.Background()); err != nil {
			t.Fatal(err)
		}
		plugin, err := newLeaf(mt.authority.current, pluginTemplate("node-1"), mt.clock.Now(), day)
		if err != nil {
			t.Fatal(err)
		}
		address, server := serveTLS(t, mt, *plugin.tls)
		conn, err := tls.Dial("tcp", address, config)
		if err != nil {
			t.Fatalf("day %d: %v", today, err)
		}
		if err := <-server; err != nil {
			t.Errorf("day %d: the plugin refused virt-apiserver: %v", today, err)
		}
		conn.Close()
	}
}
