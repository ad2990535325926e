// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// says answers with JSON.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	}
}

const (
	instancePath = "/apis/kubevirt.io/v1/namespaces/lab/virtualmachineinstances/demo"
	guestInfo    = `{"guestAgentVersion":"10.0","supportedCommands":[{"name":"guest-exec","enabled":true},{"name":"guest-ssh"}],` +
		`"hostname":"web","os":{"name":"Debian","kernelRelease":"6.12.1","prettyName":"Debian 13","machine":"x86_64"},"timezone":"UTC, 0",` +
		`"userList":[{"userName":"admin","loginTime":1700000000.5}],"fsFreezeStatus":"thawed",` +
		`"fsInfo":{"disks":[{"diskName":"vda1","mountPoint":"/","fileSystemType":"ext4","usedBytes":1610612736,"totalBytes":10737418240}]},"futureField":1}`
	users = `{"metadata":{},"items":[{"userName":"admin","domain":"LAB","loginTime":1700000000},{"userName":"guest\u001b[2J"}]}`
	disks = `{"metadata":{},"items":[{"diskName":"vda1","mountPoint":"/","fileSystemType":"ext4","usedBytes":512,"totalBytes":1024,"disk":[{"busType":"virtio"}]}]}`
)

func guestAnswers() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET " + vmiPath + "guestosinfo":    says(guestInfo),
		"GET " + vmiPath + "userlist":       says(users),
		"GET " + vmiPath + "filesystemlist": says(disks),
	}
}

func TestGuestDataIsJSONForPrograms(t *testing.T) {
	for args, path := range map[string]string{
		"guestosinfo demo": "guestosinfo", "guestosinfo vm/demo -o json": "guestosinfo", "userlist vmi/demo": "userlist", "fslist demo": "filesystemlist",
	} {
		cluster := newCluster(t, guestAnswers())
		got := cluster.run(t, strings.Fields(args)...)
		if got.code != 0 || got.errOut != "" || !strings.HasPrefix(got.out, "{\n  \"") || !strings.HasSuffix(got.out, "\n}\n") {
			t.Errorf("%s: %+v", args, got)
		}
		if want := []request{{"GET", vmiPath + path, ""}}; !reflect.DeepEqual(cluster.requests(), want) {
			t.Errorf("%s: requests %v, want %v", args, cluster.requests(), want)
		}
	}
	// What a newer server tells is not lost on the way.
	if got := newCluster(t, guestAnswers()).run(t, "guestosinfo", "demo"); !strings.Contains(got.out, "  \"futureField\": 1\n") {
		t.Errorf("%+v", got)
	}
	if got := newCluster(t, guestAnswers()).run(t, "fslist", "demo", "-o", "yaml"); !strings.Contains(got.out, "\n- disk:\n  - busType: virtio\n  diskName: vda1\n") {
		t.Errorf("%+v", got)
	}
}

func TestGuestDataAsATable(t *testing.T) {
	for args, want := range map[string]string{
		"userlist demo": "USER           DOMAIN   LOGGED IN\n" +
			"admin          LAB      2023-11-14T22:13:20Z\n" +
			`guest\x1b[2J` + "   -        -\n",
		"fslist demo": "DISK   MOUNT POINT   TYPE   SIZE   USED   USE\nvda1   /             ext4   1KiB   512B   50%\n",
		"guestosinfo demo": "Hostname:           web\nOperating system:   Debian 13\nKernel:             6.12.1 x86_64\nTime zone:          UTC, 0\n" +
			"Guest agent:        10.0 (1 of 2 commands enabled)\nFile systems:       thawed\n                    / ext4 (1.5GiB of 10GiB used)\n" +
			"Users:              1\n                    admin 2023-11-14T22:13:20Z\n",
	} {
		got := newCluster(t, guestAnswers()).run(t, append(strings.Fields(args), "-o", "table")...)
		if got.code != 0 || got.out != want {
			t.Errorf("%s prints\n%s\nwant\n%s%s", args, got.out, want, got.errOut)
		}
	}
}

func TestGuestDataIsATableOnATerminal(t *testing.T) {
	cluster := newCluster(t, guestAnswers())
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no terminal: %v", err)
	}
	defer screen.Close()
	code := Run(t.Context(), []string{"virtctl", "--kubeconfig", cluster.kubeconfig(t), "fslist", "demo"}, strings.NewReader(""), terminal, terminal)
	terminal.Close()
	seen := make([]byte, 4096)
	n, _ := screen.Read(seen)
	if code != 0 || !strings.HasPrefix(string(seen[:n]), "DISK") {
		t.Errorf("code %d, screen %q", code, seen[:n])
	}
}

// TestGuestsCannotReachTheTerminal holds that what a guest says moves no cursor and turns no text, in whatever format.
func TestGuestsCannotReachTheTerminal(t *testing.T) {
	// Escape as JSON escapes it, and as no encoder does: C1 controls, a line separator, a right-to-left override.
	hostile := `{"metadata":{},"items":[{"userName":"a\u001b]0;x\u0007` + "\u009b2J\u2028\u202e\U000e0001" + `","domain":"x\ty"}]}`
	for _, format := range []string{"json", "table"} {
		cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + vmiPath + "userlist": says(hostile)})
		got := cluster.run(t, "userlist", "demo", "-o", format)
		if got.code != 0 {
			t.Errorf("%s: %+v", format, got)
		}
		for _, bad := range []string{"\x1b", "\x07", "\u009b", "\u2028", "\u202e", "\U000e0001"} {
			if strings.Contains(got.out, bad) {
				t.Errorf("%s: prints %q in %q", format, bad, got.out)
			}
		}
	}
	refused := newCluster(t, map[string]http.HandlerFunc{"GET " + vmiPath + "userlist": refuse(409, "Conflict", "agent: no\x1b[2J\u009b2J\nin two lines")})
	if got := refused.run(t, "userlist", "demo"); got.errOut != "Error from server (Conflict): agent: no\\x1b[2J\\u009b2J\nin two lines\n" {
		t.Errorf("a refusal with a guest's words: %+v", got)
	}
	cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + vmiPath + "userlist": says(hostile)})
	if got := cluster.run(t, "userlist", "demo"); !strings.Contains(got.out, `\u009b2J\u2028\u202e\udb40\udc01`) {
		t.Errorf("JSON does not hold what the guest has said: %s", got.out)
	}
}

func TestGuestDataThatThereIsNot(t *testing.T) {
	missing := refuse(404, "NotFound", `virtualmachineinstance.kubevirt.io "demo" not found`)
	for _, c := range []struct {
		name, args string
		answers    map[string]http.HandlerFunc
		want       string
	}{
		{"a stopped VM", "userlist demo", map[string]http.HandlerFunc{"GET " + vmiPath + "userlist": missing, "GET " + objPath: says("{}")},
			"Error: userlist VM demo: it is not running (virtctl start demo)\n"},
		{"no VM", "userlist demo", map[string]http.HandlerFunc{"GET " + vmiPath + "userlist": missing, "GET " + objPath: refuse(404, "NotFound", "no")},
			"Error from server (NotFound): virtualmachineinstance.kubevirt.io \"demo\" not found\n"},
		{"no agent", "fslist demo", map[string]http.HandlerFunc{"GET " + vmiPath + "filesystemlist": refuse(409, "Conflict", "VMI does not have guest agent connected")},
			"Error from server (Conflict): VMI does not have guest agent connected\n"},
		{"not there yet", "guestosinfo demo", map[string]http.HandlerFunc{"GET " + vmiPath + "guestosinfo": refuse(501, "NotImplemented", "guestosinfo is not implemented")},
			"Error from server (NotImplemented): guestosinfo is not implemented\n"},
		{"another server", "guestosinfo demo", nil, "is virtplane installed?"},
		{"an answer that is no JSON", "userlist demo", map[string]http.HandlerFunc{"GET " + vmiPath + "userlist": says("<html>")}, "Error: decode the server's answer: "},
		{"an answer of another shape", "userlist demo -o table", map[string]http.HandlerFunc{"GET " + vmiPath + "userlist": says(`{"items":7}`)}, "Error: decode the server's answer: "},
		{"a format that there is not", "userlist demo -o xml", nil, "--output=xml: use json, yaml or table"},
		{"an empty format", "userlist demo --output=", nil, "--output=: use json, yaml or table"},
	} {
		got := newCluster(t, c.answers).run(t, strings.Fields(c.args)...)
		if got.code != 1 || got.out != "" || !strings.Contains(got.errOut, c.want) || strings.HasSuffix(c.want, "\n") && got.errOut != c.want {
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
}

func TestSizesAndTimes(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0B", 1023: "1023B", 1024: "1KiB", 1536: "1.5KiB", 1 << 40: "1TiB", 1<<63 - 1: "8EiB", -5: "-5B", 200 << 20: "200MiB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
	for _, seconds := range []float64{0, -1, 1e300} {
		if got := when(seconds); got != "" {
			t.Errorf("%g: %s", seconds, got)
		}
	}
	if got := share(1, 0) + share(-1, 2) + share(1, 3); got != "33%" {
		t.Error(got)
	}
}

// writeFile writes a file for a command to read.
func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := t.TempDir() + "/file"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
