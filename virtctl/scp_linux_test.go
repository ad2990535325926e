// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// OpenSSH copies by SFTP unless told otherwise; the guest of these tests has only the older protocol.
var copying = append([]string{"scp", "-t", "-O"}, accepting...)

func TestSCPCopiesBothWays(t *testing.T) {
	g := newSSHGuest(t)
	cluster := newCluster(t, map[string]http.HandlerFunc{vmPort + "22": g.serve(t)})
	here, there := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	scp := func(args ...string) outcome {
		t.Helper()
		cmd := virtctlProcess(t, "", cluster.kubeconfig(t), append(append(copying, "-i", g.identity), args...)...)
		cmd.Dir = here
		return outcomeOf(t, cmd)
	}
	for _, c := range []struct {
		name string
		file string
		args []string
		want string
	}{
		{"to the guest", filepath.Join(here, "note"), []string{"note", "root@vm/demo:" + there + "/new"}, filepath.Join(there, "new")},
		{"a name like an option", filepath.Join(here, "-r"), []string{"--", "-r", "root@vm/demo/lab:" + there}, filepath.Join(there, "-r")},
		{"a name with a colon", filepath.Join(here, "a:b"), []string{"./a:b", "vm/demo:" + there, "-l", "root"}, filepath.Join(there, "a:b")},
		{"a directory", filepath.Join(here, "tree/leaf"), []string{"-r", "tree", "root@vm/demo:" + there}, filepath.Join(there, "tree/leaf")},
		{"from the guest", filepath.Join(there, "log"), []string{"root@vm/demo:" + there + "/log", "."}, filepath.Join(here, "log")},
		{"several", filepath.Join(here, "two"), []string{"note", "two", "root@vm/demo:" + there}, filepath.Join(there, "two")},
	} {
		write(c.file, c.name)
		if got := scp(c.args...); got.code != 0 {
			t.Errorf("%s: %+v", c.name, got)
		}
		if content, err := os.ReadFile(c.want); err != nil || string(content) != c.name {
			t.Errorf("%s: copied %q, %v", c.name, content, err)
		}
	}
	if got := scp("root@vm/demo:"+there+"/nothing", "."); got.code != 1 || !strings.Contains(got.errOut, "No such file") {
		t.Errorf("a file that is not there: %+v", got)
	}
}

func TestSCPRefusesWhatItCannotCopy(t *testing.T) {
	cluster := newCluster(t, nil)
	install(t, "scp", `echo "ran" > "${0%/*}/ran"`)
	for args, want := range map[string]string{
		"a":                             "an argument is missing",
		"a b":                           "neither source nor target is in a guest",
		"./a:b /c:d":                    "neither source nor target is in a guest",
		"vm/demo:a vm/demo:b":           "both source and target are in a guest",
		"vm/demo:a vm/other:b":          "a copy is from or to one guest and user",
		"vm/demo:a root@vm/demo:b":      "a copy is from or to one guest and user",
		"a vm/demo:b .":                 "all sources have to be in the guest",
		"pod/demo:a .":                  `kind "pod" is not supported`,
		"a root;id@vm/demo:":            `has ';' in it`,
		"a vm/demo;id:":                 "is not a valid name",
		"a vm/demo: -n x;id":            "is not a valid namespace",
		"a vm/demo: --local-ssh-opts=x": "begins with a dash",
	} {
		got := cluster.run(t, append([]string{"scp"}, strings.Fields(args)...)...)
		if got.code != 1 || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, want) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("PATH"), "ran")); err == nil {
		t.Error("scp was started")
	}
}
