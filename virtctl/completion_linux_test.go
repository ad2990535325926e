// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// named answers with a list of objects of these names.
func named(names ...string) http.HandlerFunc {
	list := metav1.PartialObjectMetadataList{}
	for _, name := range names {
		list.Items = append(list.Items, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	return func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(list) }
}

// inventory answers with machines, instances and namespaces.
func inventory() map[string]http.HandlerFunc {
	const path = "GET /apis/kubevirt.io/v1/namespaces/"
	return map[string]http.HandlerFunc{
		path + "lab/virtualmachines":           named("demo", "desk", "web"),
		path + "lab/virtualmachineinstances":   named("demo", "alone"),
		path + "other/virtualmachines":         named("elsewhere"),
		path + "other/virtualmachineinstances": named("elsewhere"),
		"GET /api/v1/namespaces":               named("lab", "other", "labor"),
	}
}

func TestCompletion(t *testing.T) {
	cluster := newCluster(t, inventory())
	for typed, want := range map[string]string{
		"start |":                "demo desk web",
		"start de|":              "demo desk",
		"stop demo |":            "",
		"restart -n other |":     "elsewhere",
		"pause |":                "vm vmi demo alone",
		"pause vm d|":            "demo desk",
		"unpause vm/d|":          "vm/demo vm/desk",
		"console a|":             "alone",
		"vnc a|":                 "alone",
		"vnc |":                  "screenshot vm vmi demo alone",
		"vnc screenshot d|":      "demo",
		"vnc demo --vnc-type |":  "remote-viewer tiger real chicken",
		"port-forward |":         "vm/ vmi/",
		"port-forward vm/|":      "vm/demo vm/desk vm/web",
		"port-forward vmi/d|":    "vmi/demo",
		"port-forward vm/demo |": "",
		"ssh root@|":             "root@vm/ root@vmi/",
		"ssh root@vmi/|":         "root@vmi/demo root@vmi/alone",
		"scp file root@vm/w|":    "root@vm/web:",
		"scp file vm/w|":         "vm/web:",
		"rdp w|":                 "web",
		"virsh vmi/|":            "vmi/demo vmi/alone",
		"completion |":           "bash zsh fish powershell kubectl",
		"start --namespace la|":  "lab labor",
		"start --context |":      "c",
		"start --cluster |":      "k",
		"--user |":               "u",
		"port-fo|":               "port-forward",
	} {
		words := strings.Split(strings.TrimSuffix(typed, "|"), " ")
		got := cluster.run(t, append([]string{"__complete"}, words...)...)
		var offered []string
		for _, line := range strings.Split(got.out, "\n") {
			name, _, _ := strings.Cut(line, "\t")
			if name != "" && !strings.HasPrefix(name, ":") {
				offered = append(offered, name)
			}
		}
		if got.code != 0 || strings.Join(offered, " ") != want {
			t.Errorf("%s: offered %q, want %q (%+v)", typed, offered, want, got)
		}
	}
	// Files are offered where they are meant, and only there.
	for typed, files := range map[string]bool{"scp |": true, "scp no|": true, "start |": false, "ssh |": false} {
		got := cluster.run(t, append([]string{"__complete"}, strings.Split(strings.TrimSuffix(typed, "|"), " ")...)...)
		if strings.Contains(got.out, ":0\n") != files {
			t.Errorf("%s: %q, want files %v", typed, got.out, files)
		}
	}
}

func TestCompletionIsSilentWithoutACluster(t *testing.T) {
	for _, answers := range []map[string]http.HandlerFunc{nil, {"GET /apis/kubevirt.io/v1/namespaces/lab/virtualmachines": refuse(403, "Forbidden", "no")}} {
		got := newCluster(t, answers).run(t, "__complete", "start", "")
		if got.code != 0 || got.out != ":4\n" {
			t.Errorf("%+v", got)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	for shell, want := range map[string]string{
		"bash": "__start_virtctl", "zsh": "#compdef virtctl", "fish": "complete -c virtctl", "powershell": "Register-ArgumentCompleter",
	} {
		if got := run(t, "virtctl", "completion", shell); got.code != 0 || got.errOut != "" || !strings.Contains(got.out, want) {
			t.Errorf("%s: exit code %d, %q; no %q in the script", shell, got.code, got.errOut, want)
		}
	}
	if got := run(t, "virtctl", "completion", "tcsh"); got.code != 1 || !strings.Contains(got.errOut, `shell "tcsh" is not supported; use bash`) {
		t.Errorf("%+v", got)
	}
}

// installed puts the test's binary, as virtctl, under a name into a directory of PATH.
func installed(t *testing.T, kubeconfig, name string) (path string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv(asVirtctl, "1")
	t.Setenv("KUBECONFIG", kubeconfig)
	return dir
}

func TestBashCompletes(t *testing.T) {
	cluster := newCluster(t, inventory())
	dir := installed(t, cluster.kubeconfig(t), "virtctl")
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte(run(t, "virtctl", "completion", "bash").out), 0o600); err != nil {
		t.Fatal(err)
	}
	// What the package bash-completion would do for a line without quotes.
	out, err := exec.Command("bash", "-c", `
_init_completion() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}; }
compopt() { :; }
source "$1"
COMP_WORDS=(virtctl start de); COMP_CWORD=2; COMP_LINE="virtctl start de"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
__start_virtctl
printf '%s\n' "${COMPREPLY[@]}"`, "bash", script).CombinedOutput()
	if err != nil || strings.Join(strings.Fields(string(out)), " ") != "demo desk" {
		t.Errorf("bash offers %q, %v", out, err)
	}
}

func TestKubectlCompletes(t *testing.T) {
	cluster := newCluster(t, inventory())
	dir := installed(t, cluster.kubeconfig(t), "kubectl-virt")
	script := filepath.Join(dir, "kubectl_complete-virt")
	if err := os.WriteFile(script, []byte(run(t, "virtctl", "completion", "kubectl").out), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("kubectl_complete-virt", "ssh", "root@vm/w").Output()
	if err != nil || string(out) != "root@vm/web\n:4\n" {
		t.Errorf("the script prints %q, %v", out, err)
	}
}
