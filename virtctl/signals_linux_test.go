// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// hungUp starts a port-forward the way a shell does that has run setting, and tells it that its terminal is gone.
func hungUp(t *testing.T, kubeconfig, setting string) (*exec.Cmd, *transcript, int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := virtctlProcess(t, "/bin/sh", kubeconfig, "-c", setting+`exec "$@"`, "sh", self, "port-forward", "vm/demo", "0:80")
	out := newTranscript()
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	port := (&visit{out: out, notices: newTranscript()}).number(t, `127\.0\.0\.1:(\d+)`)
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	return cmd, out, port
}

func TestACommandEndsWithItsTerminal(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + objPath: exists, vmPort + "80": guest(t, repeat)})
	cmd, _, _ := hungUp(t, cluster.kubeconfig(t), "")
	if err := cmd.Wait(); err != nil {
		t.Errorf("a port-forward whose terminal is gone: %v", err)
	}
}

func TestACommandUnderNohupStays(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + objPath: exists, vmPort + "80": guest(t, repeat)})
	cmd, _, port := hungUp(t, cluster.kubeconfig(t), "trap '' HUP; ")
	for range 3 {
		if got := hear(t, reach(t, "tcp", port), "still there"); got != "still there" {
			t.Errorf("heard %q", got)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("at its end: %v", err)
	}
}

func TestTheOutputOfAViewerCannotWriteToTheTerminal(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{vncPath: guest(t, display)})
	install(t, "remote-viewer", `printf 'connected to \x1b]0;title\x07\x9b2J%s\n\tagain\n' name; exit 1`)
	got := cluster.run(t, "vnc", "demo")
	if got.code != 1 || !strings.HasSuffix(got.errOut, "connected to ?]0;title??2Jname\n\tagain\n") {
		t.Errorf("%q", got.errOut)
	}
}
