// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// shake lets client and server shake hands over a pipe and returns what each of them says of the other.
func shake(t *testing.T, server, client *tls.Config) (serverErr, clientErr error) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	deadline := time.Now().Add(10 * time.Second)
	for _, c := range []net.Conn{a, b} {
		if err := c.SetDeadline(deadline); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() {
		err := tls.Server(a, server).Handshake()
		if err != nil {
			a.Close()
		}
		done <- err
	}()
	conn := tls.Client(b, client)
	clientErr = conn.Handshake()
	if clientErr != nil {
		b.Close()
	} else {
		// The server ends its handshake by writing tickets, which a pipe does not take before they are read.
		go func() { _, _ = conn.Read(make([]byte, 1)) }()
	}
	return <-done, clientErr
}

func TestMembersKnowEachOther(t *testing.T) {
	mt := newManagerTest(t)
	zero, err := mt.Member("virt-apiserver-0", "zero.example.svc", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	one, err := mt.Member("virt-apiserver-1", "192.0.2.1", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if s, c := shake(t, zero.ServerConfig(), one.ClientConfig("zero.example.svc")); s != nil || c != nil {
		t.Errorf("one calls zero: %v, %v", s, c)
	}
	if s, c := shake(t, one.ServerConfig(), zero.ClientConfig("192.0.2.1")); s != nil || c != nil {
		t.Errorf("zero calls one: %v, %v", s, c)
	}
	if _, c := shake(t, one.ServerConfig(), zero.ClientConfig("two.example.svc")); c == nil {
		t.Error("one passes for two")
	}
}

// TestNobodyElsePassesForAMember holds that the other certificates of virtplane, all of one Secret, open no connection
// between members.
func TestNobodyElsePassesForAMember(t *testing.T) {
	mt := newManagerTest(t)
	member, err := mt.Member("virt-apiserver-0", "zero.example.svc", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ca, members := mt.authority.current, mt.authority.members
	foreign, err := generateMembersAuthority(epoch)
	if err != nil {
		t.Fatal(err)
	}
	plugin := x509.Certificate{URIs: clientTemplate().URIs, ExtKeyUsage: memberTemplate("x", "x").ExtKeyUsage}
	for _, c := range []struct {
		name     string
		ca       *keyPair
		template x509.Certificate
		want     string
	}{
		{"serving certificate", ca, servingTemplate(testNamespace, "virt-apiserver"), "unknown authority"},
		{"certificate towards node plugins", ca, clientTemplate(), "unknown authority"},
		{"member's names signed by the published CA", ca, memberTemplate("virt-apiserver-1", "zero.example.svc"), "unknown authority"},
		{"member of another installation", foreign, memberTemplate("virt-apiserver-1", "zero.example.svc"), "unknown authority"},
		{"signed by the members' CA without their role", members, plugin, "not a member"},
	} {
		other, err := newLeaf(c.ca, c.template, epoch, day)
		if err != nil {
			t.Fatal(err)
		}
		present := &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return other.tls, nil }}
		if s, _ := shake(t, member.ServerConfig(), present); s == nil || !strings.Contains(s.Error(), c.want) {
			t.Errorf("%s as a client: %v, want %q", c.name, s, c.want)
		}
		serve := &tls.Config{Certificates: []tls.Certificate{*other.tls}}
		if _, s := shake(t, serve, member.ClientConfig("zero.example.svc")); s == nil {
			t.Errorf("%s as a server passes", c.name)
		}
	}
	if s, _ := shake(t, member.ServerConfig(), &tls.Config{InsecureSkipVerify: true}); s == nil {
		t.Error("a client without certificate passes")
	}
}

func TestAMemberIsRenewedWithoutARestart(t *testing.T) {
	mt := newManagerTest(t)
	member, err := mt.Member("virt-apiserver-0", "zero.example.svc", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server, client := member.ServerConfig(), member.ClientConfig("zero.example.svc")
	first := member.certificate()
	mt.clock.SetTime(epoch.Add(100 * day))
	if s, c := shake(t, server, client); s == nil && c == nil {
		t.Error("an expired certificate passes")
	}
	if err := mt.renew(mt.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if member.certificate() == first {
		t.Fatal("not renewed")
	}
	if s, c := shake(t, server, client); s != nil || c != nil {
		t.Errorf("after the renewal: %v, %v", s, c)
	}
	certFile, keyFile, _ := member.Files()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if !pair.Leaf.Equal(member.certificate().Leaf) {
		t.Error("the file holds another certificate")
	}
	if info, err := os.Stat(keyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read the key", info.Mode(), err)
	}
}
