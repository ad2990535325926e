// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

func TestPortForwardCarriesConnectionsAndDatagrams(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{
		"GET " + objPath:  exists,
		vmPort + "80":     guest(t, repeat),
		vmPort + "53/udp": guest(t, repeat),
		vmPort + "81":     refuse(500, "InternalError", "Internal error occurred: dialing VM: connection refused"),
	})
	v := begin(t, cluster.kubeconfig(t), strings.NewReader(""), "port-forward", "vm/demo", ":80", "udp/0:53", "TCP/0:81", "--address=127.0.0.1,127.0.0.2")
	web := v.number(t, `Forwarding from 127\.0\.0\.1:(\d+) to tcp/80 of vm/demo\n`)
	if other := v.number(t, `Forwarding from 127\.0\.0\.2:(\d+) to tcp/80 of vm/demo\n`); other != web {
		t.Errorf("port %d on one address and %d on the other", web, other)
	}
	names := v.number(t, `Forwarding from 127\.0\.0\.1:(\d+) to udp/53 of vm/demo\n`)
	shut := v.number(t, `Forwarding from 127\.0\.0\.1:(\d+) to tcp/81 of vm/demo\n`)

	if _, err := reach(t, "tcp", shut).Read(make([]byte, 1)); err == nil {
		t.Error("a port that the guest refuses says something")
	}
	v.notices.await(t, "to tcp/81 of vm/demo: error from server")
	v.notices.await(t, "dialing VM: connection refused")
	first, second := reach(t, "tcp", web), reach(t, "tcp", web)
	for _, text := range []string{"one", "two"} {
		if a, b := hear(t, first, text+" a"), hear(t, second, text+" b"); a != text+" a" || b != text+" b" {
			t.Errorf("heard %q and %q", a, b)
		}
	}
	if got := hear(t, reach(t, "udp", names), "query"); got != "query" {
		t.Errorf("heard %q", got)
	}
	// To end it is what its user does.
	v.cancel()
	v.exits(t, 0)
}

func TestPortForwardFindsTheNamespace(t *testing.T) {
	const other = "GET /apis/kubevirt.io/v1/namespaces/other/virtualmachineinstances/web.front"
	const port = "GET /apis/subresources.kubevirt.io/v1/namespaces/other/virtualmachineinstances/web.front/portforward/80"
	for _, target := range []string{"vmi/web.front/other", "vmi/web.front.other", "web.front.other"} {
		cluster := newCluster(t, map[string]http.HandlerFunc{
			"GET /apis/kubevirt.io/v1/namespaces/lab/virtualmachineinstances/web.front.other":                             notThere,
			"GET /apis/subresources.kubevirt.io/v1/namespaces/lab/virtualmachineinstances/web.front.other/portforward/80": notThere,
			other: exists, port: guest(t, repeat),
		})
		v := begin(t, cluster.kubeconfig(t), strings.NewReader(""), "port-forward", target, "0:80")
		if got := hear(t, reach(t, "tcp", v.number(t, `127\.0\.0\.1:(\d+) to tcp/80 of vmi/web\.front/other\n`)), "hello"); got != "hello" {
			t.Errorf("%s: heard %q", target, got)
		}
		v.cancel()
		v.exits(t, 0)

		in, keys := io.Pipe()
		v = begin(t, cluster.kubeconfig(t), in, "port-forward", "--stdio", target, "80")
		press(t, keys, "by hand")
		v.out.await(t, "by hand")
		v.cancel()
		v.exits(t, 130)
		keys.Close()
	}
}

func TestPortForwardTellsWhatIsMissingAtOnce(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + objPath: notThere})
	got := cluster.run(t, "port-forward", "vm/demo", "0:80")
	if got.code != 1 || got.out != "" || !strings.Contains(got.errOut, `Error from server (NotFound): virtualmachine.kubevirt.io "demo" not found`) {
		t.Errorf("%+v", got)
	}
}

// The right to connect to a machine does not come with the right to read it.
func TestPortForwardNeedsNoRightToRead(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{
		"GET " + objPath: refuse(403, "Forbidden", "no"), vmPort + "22": guest(t, repeat),
	})
	v := begin(t, cluster.kubeconfig(t), strings.NewReader(""), "port-forward", "vm/demo", "0:22")
	if got := hear(t, reach(t, "tcp", v.number(t, `127\.0\.0\.1:(\d+)`)), "hello"); got != "hello" {
		t.Errorf("heard %q", got)
	}
	v.cancel()
	v.exits(t, 0)
}

func TestPortForwardByStandardInputAndOutput(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{vmPort + "22": guest(t, func(conn *websocket.Conn) {
		say(conn, "SSH-2.0-guest\r\n")
		_, line, _ := conn.ReadMessage()
		say(conn, "bye "+string(line))
		conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	})})
	in, keys := io.Pipe()
	defer keys.Close()
	v := begin(t, cluster.kubeconfig(t), in, "port-forward", "--stdio=true", "vm/demo/lab", "22")
	v.out.await(t, "SSH-2.0-guest\r\n")
	press(t, keys, "user")
	v.exits(t, 0)
	if got := v.out.String(); got != "SSH-2.0-guest\r\nbye user" {
		t.Errorf("the output is %q", got)
	}

	got := cluster.run(t, "port-forward", "--stdio", "vm/demo", "23")
	if got.code != 1 || got.out != "" {
		t.Errorf("a port that is not there: %+v", got)
	}
}

func TestPortForwardRefusesWhatItCannotRead(t *testing.T) {
	cluster := newCluster(t, nil)
	for args, want := range map[string]string{
		"vm/demo":               "an argument is missing",
		"vm demo":               `"vm" is a type without a name; write vm/NAME`,
		"pod/demo 80":           `kind "pod" is not supported`,
		"vm/ 80":                "is empty",
		"vm/demo/lab/x 80":      "too many parts",
		"vm/demo/La 80":         `"La" is not a valid namespace`,
		"vm/$(id) 80":           "is not a valid name",
		"vm/demo sctp/80":       `port "sctp/80": protocol "sctp" is not supported; use tcp or udp`,
		"vm/demo 80:":           `port "80:": "" is no port`,
		"vm/demo 65536":         `"65536" is no port`,
		"vm/demo 80:0":          "a guest has no port 0",
		"vm/demo 0":             "a guest has no port 0",
		"vm/demo --stdio 80 81": "--stdio takes a single port",
		"vm/demo 80:80:80":      `"80:80" is no port`,
	} {
		got := cluster.run(t, append([]string{"port-forward"}, strings.Fields(args)...)...)
		if got.code != 1 || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, want) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
	if seen := cluster.requests(); len(seen) > 0 {
		t.Errorf("requests were sent: %v", seen)
	}
}

func TestPortForwardTakesNoPortOfOthers(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + objPath: exists})
	taken := strings.TrimPrefix(cluster.URL, "https://127.0.0.1:")
	got := cluster.run(t, "port-forward", "vm/demo", "0:81", taken+":80")
	want := fmt.Sprintf("Error: listen on 127.0.0.1:%s: something else listens there; choose another local port", taken)
	if got.code != 1 || !strings.Contains(got.errOut, want) {
		t.Errorf("%+v, want %q", got, want)
	}
}
