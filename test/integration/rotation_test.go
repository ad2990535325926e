// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"

	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// TestTheCAIsRotatedWithAConsoleOpen holds that sessions stay open over a rotation of virtplane's CA and that new ones
// work, with all certificates issued anew and nobody started again.
func TestTheCAIsRotatedWithAConsoleOpen(t *testing.T) {
	p := startPlugin(t, "rotation-node")
	ns := newNamespace(t)
	runOn(t, ns, "demo", p.node)
	p.drain()
	path := pathOf("subresources.kubevirt.io", ns, "virtualmachineinstances", "demo") + "/console"
	open := func() (*websocket.Conn, error) {
		conn, _, err := dialConsole(t, cluster.admin, path, nil)
		if err != nil {
			return nil, err
		}
		<-p.asked
		return conn, echo(conn)
	}
	before := must(open())(t)
	defer before.Close()

	ca := rotate(t)
	eventually(t, "the serving certificate comes from the new CA", func(ctx context.Context) error {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		conn, err := dialer.DialContext(ctx, "tcp", cluster.server.listener.Addr().String())
		if err != nil {
			return err
		}
		defer conn.Close()
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].CheckSignatureFrom(ca)
	})
	services := must(aggregator.NewForConfig(cluster.admin))(t).ApiregistrationV1().APIServices()
	eventually(t, "both CAs are published", func(ctx context.Context) error {
		service, err := services.Get(ctx, "v1.subresources.kubevirt.io", metav1.GetOptions{})
		if err == nil && bytes.Count(service.Spec.CABundle, []byte("BEGIN CERTIFICATE")) != 2 {
			err = errors.New("the bundle has not two CAs")
		}
		return err
	})
	// The clients of all tests learn of it as the users of kube-apiserver do not have to.
	cluster.server.ca = nil
	if err := cluster.server.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	cluster.direct = must(cluster.server.login("admin", "system:masters"))(t)
	cluster.client = must(clientset.NewForConfig(cluster.direct))(t)

	if err := echo(before); err != nil {
		t.Errorf("the console that was open: %v", err)
	}
	eventually(t, "a new console", func(context.Context) error {
		conn, err := open()
		if err == nil {
			conn.Close()
		}
		return err
	})
	if err := echo(before); err != nil {
		t.Errorf("the console that was open, in the end: %v", err)
	}
	metrics := call(t, cluster.direct, "GET", "/metrics", "", nil)
	want := fmt.Sprintf(`virtplane_certificate_expiration_timestamp_seconds{certificate="ca"} %g`, float64(ca.NotAfter.Unix()))
	if !bytes.Contains([]byte(metrics.body), []byte(want)) {
		t.Errorf("the metrics do not show %s", want)
	}
	if a := call(t, cluster.direct, "GET", "/healthz/certificates", "", nil); a.code != 200 {
		t.Errorf("the certificates are said to be %d %s", a.code, a.body)
	}
}

// echo sends a line to the guest, which sends it back.
func echo(conn *websocket.Conn) error {
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, message, err := conn.ReadMessage()
	if err == nil && string(message) != "guest: hello" {
		err = fmt.Errorf("got %q", message)
	}
	return err
}

// rotate puts a successor of the CA into its Secret that was published long enough ago to sign from now on.
func rotate(t *testing.T) *x509.Certificate {
	t.Helper()
	key, keyPEM, err := kubeapiserver.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	template := must(kubeapiserver.Template(pkix.Name{CommonName: "next-ca"}))(t)
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	template.NotBefore, template.NotAfter = time.Now().AddDate(0, 0, -40), time.Now().AddDate(9, 0, 0)
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(t)
	secrets := cluster.core.CoreV1().Secrets(systemNamespace)
	secret := must(secrets.Get(t.Context(), "virtplane-ca", metav1.GetOptions{}))(t)
	secret.Data["next.crt"], secret.Data["next.key"] = kubeapiserver.CertPEM(der), keyPEM
	must(secrets.Update(t.Context(), secret, metav1.UpdateOptions{}))(t)
	return must(x509.ParseCertificate(der))(t)
}
