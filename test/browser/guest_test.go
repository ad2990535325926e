// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	// clusterEnv names the kubeconfig of a running cluster with virtplane; kubectl is in PATH then.
	clusterEnv = "VIRTPLANE_BROWSER_CLUSTER"
	// bootPatience is how long an emulated guest may take.
	bootPatience = 2 * time.Minute
)

// TestARealGuest has the pages show a guest that runs: noVNC its screen and xterm.js its serial console.
func TestARealGuest(t *testing.T) {
	kubeconfig := os.Getenv(clusterEnv)
	if kubeconfig == "" {
		t.Skipf("needs a running cluster, whose kubeconfig %s names", clusterEnv)
	}
	namespace := fmt.Sprintf("browser-%d", os.Getpid())
	kubectl(t, kubeconfig, "", "create", "namespace", namespace)
	t.Cleanup(func() { kubectl(t, kubeconfig, "", "delete", "namespace", namespace, "--wait=false") })
	manifest, err := os.ReadFile(filepath.Join("..", "..", "artifacts", "examples", "demo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	withScreen := strings.Replace(string(manifest), "autoattachGraphicsDevice: false", "autoattachGraphicsDevice: true", 1)
	kubectl(t, kubeconfig, withScreen, "--namespace", namespace, "apply", "--filename=-")
	kubectl(t, kubeconfig, "", "--namespace", namespace, "wait", "--for=jsonpath={.status.phase}=Running", "vmi/demo", "--timeout="+bootPatience.String())

	serial := startWith(t, kubeconfig, "--namespace", namespace, "console", "demo", "--browser", "--no-open")
	first, second := newTab(t), newTab(t)
	first.open(t, serial.link)
	first.status(t, "Connected")
	for begin := time.Now(); !eval[bool](t, first, terminalText+".includes('demo login:')"); time.Sleep(glance) {
		if time.Since(begin) > bootPatience {
			t.Fatalf("no prompt; the page shows:\n%s", eval[string](t, first, "document.body.innerText"))
		}
	}
	second.open(t, serial.site())
	second.shown(t, "demo login:")
	for _, step := range []struct{ keys, shown string }{{"root\r", "Password:"}, {"virtplane\r", "root@demo:~#"}, {"echo by $((6*7)) tabs\r", "by 42 tabs"}} {
		first.press(t, step.keys)
		first.shown(t, step.shown)
		second.shown(t, step.shown)
	}
	second.press(t, "echo and $((7*9))\r")
	first.shown(t, "and 63")

	screen := startWith(t, kubeconfig, "--namespace", namespace, "vnc", "demo", "--browser", "--no-open")
	one, other := newTab(t), newTab(t)
	one.open(t, screen.link)
	other.open(t, screen.site())
	for _, b := range []*tab{one, other} {
		b.status(t, "Connected")
		b.until(t, "the guest's picture", `(() => {
			const canvas = document.querySelector('#screen canvas');
			if (!canvas || canvas.width < 640) return false;
			const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
			return pixels.some((v, i) => i % 4 !== 3 && v > 100);
		})()`)
	}
}

func kubectl(t *testing.T, kubeconfig, input string, args ...string) {
	t.Helper()
	cmd := exec.Command("kubectl", append([]string{"--kubeconfig", kubeconfig}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
}
