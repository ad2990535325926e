// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package ssh

import (
	"os/exec"
	"reflect"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		want    []string
	}{
		{"alone", Options{Port: 22}, []string{"-o", "ProxyCommand=virtctl x", "-p", "22"}},
		{"everything", Options{Port: 2222, IdentityFile: "/key", KnownHosts: "/known", Extra: []string{"-o StrictHostKeyChecking=no", "-v"}},
			[]string{"-o", "ProxyCommand=virtctl x", "-o", "StrictHostKeyChecking=no", "-v", "-o", `UserKnownHostsFile="/known"`, "-i", "/key", "-p", "2222"}},
		{"an option in two words", Options{Port: 22, Extra: []string{"-L", "8080:localhost:80"}},
			[]string{"-o", "ProxyCommand=virtctl x", "-L", "8080:localhost:80", "-p", "22"}},
		{"a file with blanks and tokens", Options{Port: 22, KnownHosts: `/a b/%h "c" \d`},
			[]string{"-o", "ProxyCommand=virtctl x", "-o", `UserKnownHostsFile="/a b/%%h \"c\" \\d"`, "-p", "22"}},
	} {
		got, err := c.options.Args("-p", []string{"virtctl", "x"}, false)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	for want, options := range map[string]Options{
		"an option is empty":           {Extra: []string{" "}},
		"begins with a dash":           {Extra: []string{"-v -v", "host"}},
		`"/a${HOME}": the name of the`: {KnownHosts: "/a${HOME}"},
	} {
		if _, err := options.Args("-p", nil, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", options, err, want)
		}
	}
}

// Every shell that a user may have gets the words as they are.
func TestTheProxyCommandMeansItselfToShells(t *testing.T) {
	words := []string{"plain-1.2/x:y=z,w@v+u", "", "two words", "it's", `"quoted"`, "$HOME `id` $(id)", "a;b|c&d>e<f(g)h{i}", "*?[a-z]~!#", `back\slash\`, "new\nline", "100%", "ü"}
	for _, shell := range []string{"sh", "bash"} {
		line := "printf '%s\\0' " + strings.ReplaceAll(proxyCommand(words, false), "%%", "%")
		out, err := exec.Command(shell, "-c", line).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !reflect.DeepEqual(got, words) {
			t.Errorf("%s reads %q, want %q", shell, got, words)
		}
	}
}

func TestTheProxyCommandOnWindows(t *testing.T) {
	got := proxyCommand([]string{`C:\Program Files\virtctl.exe`, "port-forward", `C:\bin\x`, "100%"}, true)
	if want := `"C:\Program Files\virtctl.exe" port-forward C:\bin\x 100%%`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestUsers(t *testing.T) {
	for _, user := range []string{"root", "a.b-c_d", `LAB\admin`, "Jane Doe", "ü", "a#b"} {
		if err := CheckUser(user); err != nil {
			t.Errorf("%q: %v", user, err)
		}
	}
	for _, user := range []string{"", "-oProxyCommand=id", "a;b", "a`b`", "$(id)", `a\`, "a'b", `a"b`, "a\nb", "a@b", "a:b", "a/b", "a|b", "\x1b[2J"} {
		if err := CheckUser(user); err == nil {
			t.Errorf("%q passes", user)
		}
	}
}
