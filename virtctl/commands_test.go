// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const (
	vmPath  = "/apis/subresources.kubevirt.io/v1/namespaces/lab/virtualmachines/demo/"
	vmiPath = "/apis/subresources.kubevirt.io/v1/namespaces/lab/virtualmachineinstances/demo/"
	objPath = "/apis/kubevirt.io/v1/namespaces/lab/virtualmachines/demo"
)

func TestCommandsSendTheirVerb(t *testing.T) {
	for _, c := range []struct {
		args string
		want []request
		out  string
	}{
		{"start demo", []request{{"PUT", vmPath + "start", "{}"}}, "VM demo was scheduled to start\n"},
		{"start vm/demo --paused", []request{{"PUT", vmPath + "start", `{"paused":true}`}}, "VM demo was scheduled to start\n"},
		{"start virtualmachine.kubevirt.io/demo", []request{{"PUT", vmPath + "start", "{}"}}, "VM demo was scheduled to start\n"},
		{"start demo --dry-run", []request{{"PUT", vmPath + "start", `{"dryRun":["All"]}`}}, "Dry Run execution\nVM demo was scheduled to start\n"},
		{"stop demo", []request{{"PUT", vmPath + "stop", "{}"}}, "VM demo was scheduled to stop\n"},
		{"stop demo --force --grace-period=0", []request{{"PUT", vmPath + "stop", `{"gracePeriod":0}`}}, "VM demo was scheduled to stop\n"},
		{"stop demo --force --grace-period=7 --dry-run", []request{{"PUT", vmPath + "stop", `{"gracePeriod":7,"dryRun":["All"]}`}},
			"Dry Run execution\nVM demo was scheduled to stop\n"},
		{"restart demo", []request{{"PUT", vmPath + "restart", "{}"}}, "VM demo was scheduled to restart\n"},
		{"restart demo --force --grace-period=0", []request{{"PUT", vmPath + "restart", `{"gracePeriodSeconds":0}`}}, "VM demo was scheduled to restart\n"},
		{"pause vmi demo", []request{{"PUT", vmiPath + "pause", "{}"}}, "VMI demo was scheduled to pause\n"},
		{"pause demo", []request{{"PUT", vmiPath + "pause", "{}"}}, "VMI demo was scheduled to pause\n"},
		{"pause vm demo", []request{{"GET", objPath, ""}, {"PUT", vmiPath + "pause", "{}"}}, "VMI demo was scheduled to pause\n"},
		{"unpause vm/demo --dry-run", []request{{"GET", objPath, ""}, {"PUT", vmiPath + "unpause", `{"dryRun":["All"]}`}},
			"Dry Run execution\nVMI demo was scheduled to unpause\n"},
	} {
		t.Run(c.args, func(t *testing.T) {
			cluster := newCluster(t, map[string]http.HandlerFunc{
				"PUT " + vmPath + "start": code(202), "PUT " + vmPath + "stop": code(202), "PUT " + vmPath + "restart": code(202),
				"PUT " + vmiPath + "pause": code(200), "PUT " + vmiPath + "unpause": code(200),
				"GET " + objPath: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") },
			})
			got := cluster.run(t, strings.Fields(c.args)...)
			if got.code != 0 || got.out != c.out || got.errOut != "" {
				t.Errorf("%+v, want out %q", got, c.out)
			}
			if !reflect.DeepEqual(cluster.requests(), c.want) {
				t.Errorf("requests %v, want %v", cluster.requests(), c.want)
			}
		})
	}
}

func TestNamespaceAndTokenOfTheKubeconfig(t *testing.T) {
	authorization := ""
	path := "/apis/subresources.kubevirt.io/v1/namespaces/other/virtualmachines/demo/start"
	cluster := newCluster(t, map[string]http.HandlerFunc{"PUT " + path: func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		w.Header().Set("Warning", `299 - "spec.running is deprecated"`)
		w.WriteHeader(202)
	}})
	got := cluster.run(t, "start", "demo", "-n", "other")
	if got.code != 0 || authorization != "Bearer secret-token" {
		t.Errorf("%+v, authorization %q", got, authorization)
	}
	if want := "Warning: spec.running is deprecated\n"; got.errOut != want {
		t.Errorf("warnings %q, want %q", got.errOut, want)
	}
}

func TestErrorsOfTheServer(t *testing.T) {
	notFound := refuse(404, "NotFound", `virtualmachine.kubevirt.io "demo" not found`)
	for _, c := range []struct {
		name, args string
		answers    map[string]http.HandlerFunc
		want       string
	}{
		{"no such VM", "start demo", map[string]http.HandlerFunc{"PUT " + vmPath + "start": notFound},
			"Error from server (NotFound): virtualmachine.kubevirt.io \"demo\" not found\n"},
		{"no such VM to pause", "pause vm demo", map[string]http.HandlerFunc{"GET " + objPath: notFound},
			"Error from server (NotFound): virtualmachine.kubevirt.io \"demo\" not found\n"},
		{"a stopped VM to pause", "pause vm demo", map[string]http.HandlerFunc{
			"GET " + objPath:           code(200),
			"PUT " + vmiPath + "pause": refuse(404, "NotFound", `virtualmachineinstance.kubevirt.io "demo" not found`),
		}, "Error: pause VM demo: it is not running\n"},
		{"a conflict", "start demo", map[string]http.HandlerFunc{
			"PUT " + vmPath + "start": refuse(409, "Conflict", `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": VM is already running`),
		}, "Error from server (Conflict): Operation cannot be fulfilled on virtualmachine.kubevirt.io \"demo\": VM is already running\n"},
		{"virtplane not installed", "start demo", nil, "is virtplane installed?"},
		{"virt-apiserver away", "start demo", map[string]http.HandlerFunc{"PUT " + vmPath + "start": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "error trying to reach service", http.StatusServiceUnavailable)
		}}, "Error: virt-apiserver is not available"},
		{"the node's plugin away", "start demo", map[string]http.HandlerFunc{
			"PUT " + vmPath + "start": refuse(503, "ServiceUnavailable", `reach the plugin of node "node1": no virt-nodeplugin pod runs on the node`),
		}, "Error from server (ServiceUnavailable): reach the plugin of node \"node1\": no virt-nodeplugin pod runs on the node\n"},
		{"an older server", "start demo", map[string]http.HandlerFunc{
			"PUT " + vmPath + "start": refuse(400, "BadRequest", "what?"),
			"GET /apis/subresources.kubevirt.io/v1/version": func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, `{"gitVersion":"v99.1.2"}`)
			},
		}, "Error from server (BadRequest): what?\nWarning: the client is v0.0.0-dev and the server is v99.1.2; that may be why\n"},
		{"a server of the same release", "start demo", map[string]http.HandlerFunc{
			"PUT " + vmPath + "start": refuse(400, "BadRequest", "what?"),
			"GET /apis/subresources.kubevirt.io/v1/version": func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, `{"gitVersion":"v1.9.0+virtplane-v0.0.9"}`)
			},
		}, "Error from server (BadRequest): what?\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := newCluster(t, c.answers).run(t, strings.Fields(c.args)...)
			if got.code != 1 || got.out != "" || !strings.Contains(got.errOut, c.want) ||
				strings.HasSuffix(c.want, "\n") && got.errOut != c.want {
				t.Errorf("%+v, want %q", got, c.want)
			}
		})
	}
}

func TestErrorsBeforeAnyRequest(t *testing.T) {
	cluster := newCluster(t, nil)
	for args, want := range map[string]string{
		"start":                                  "an argument is missing",
		"start a b":                              `unexpected argument "b"`,
		"start vmi/demo":                         "works on virtual machines",
		"start pod/demo":                         `kind "pod" is not supported`,
		"start vm/":                              "is empty",
		"start vm/a/b":                           "not a valid name",
		"start ..":                               "not a valid name",
		"pause a b c":                            `unexpected argument "c"`,
		"stop demo --force":                      "go together",
		"stop demo --grace-period=1":             "go together",
		"stop demo --force --grace-period=-1":    "cannot be negative",
		"restart demo --force --grace-period=30": "only --grace-period=0",
		"console demo --timeout=0":               "at least one minute",
		"version -o xml":                         "use json or yaml",
		"start demo --nonsense":                  "unknown flag",
		"nonsense":                               "unknown command",
	} {
		got := cluster.run(t, strings.Fields(args)...)
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, want) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
	if seen := cluster.requests(); len(seen) > 0 {
		t.Errorf("requests were sent: %v", seen)
	}
}

func TestUnreachableCluster(t *testing.T) {
	cluster := newCluster(t, nil)
	kubeconfig := cluster.kubeconfig(t)
	cluster.Close()
	for _, args := range [][]string{{"start", "demo"}, {"console", "demo"}, {"version"}} {
		got := run(t, append([]string{"virtctl", "--kubeconfig", kubeconfig}, args...)...)
		want := "Error: the cluster's API server at " + cluster.URL + " refused the connection"
		if got.code != 1 || !strings.HasPrefix(got.errOut, want) {
			t.Errorf("%v: %+v, want %q", args, got, want)
		}
	}
}

func TestNoCluster(t *testing.T) {
	t.Setenv("KUBECONFIG", t.TempDir()+"/none")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	got := run(t, "virtctl", "start", "demo")
	if got.code != 1 || !strings.Contains(got.errOut, "no cluster is configured") {
		t.Errorf("%+v", got)
	}
}

func TestVersion(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{
		"GET /apis/subresources.kubevirt.io/v1/version": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"gitVersion":"v1.9.0","gitCommit":"abc"}`)
		},
	})
	if got := cluster.run(t, "version"); got.code != 0 || got.out != "Client Version: v0.0.0-dev\nServer Version: v1.9.0\n" {
		t.Errorf("%+v", got)
	}
	if got := cluster.run(t, "version", "-o", "json"); got.code != 0 || !strings.Contains(got.out, `"gitCommit": "abc"`) {
		t.Errorf("%+v", got)
	}
	seen := len(cluster.requests())
	if got := cluster.run(t, "version", "--client"); got.code != 0 || got.out != "Client Version: v0.0.0-dev\n" {
		t.Errorf("%+v", got)
	}
	if len(cluster.requests()) != seen {
		t.Error("--client asked the cluster")
	}
	if got := newCluster(t, nil).run(t, "version"); got.code != 1 || got.out != "Client Version: v0.0.0-dev\n" || got.errOut == "" {
		t.Errorf("without a server: %+v", got)
	}
}

func TestHelpNamesTheProgramAsItWasCalled(t *testing.T) {
	for program, want := range map[string]string{"/usr/bin/virtctl": "virtctl", "/usr/bin/kubectl-virt": "kubectl virt"} {
		root := run(t, program, "--help")
		if root.code != 0 || !strings.Contains(root.out, want+" COMMAND") {
			t.Errorf("%s: %+v", program, root)
		}
		for _, command := range []string{"start", "stop", "restart", "pause", "unpause", "console", "version"} {
			if !strings.Contains(root.out, "\n  "+command+" ") {
				t.Errorf("%s: %s is not listed", program, command)
			}
			help := run(t, program, command, "--help")
			if help.code != 0 || !strings.Contains(help.out, "  "+want+" "+command+" ") || !strings.Contains(help.out, "Examples:\n  # ") {
				t.Errorf("%s %s: %+v", program, command, help)
			}
			if want != "virtctl" && strings.Contains(help.out, "virtctl") {
				t.Errorf("%s %s: help speaks of virtctl:\n%s", program, command, help.out)
			}
		}
	}
	if options := run(t, "virtctl", "options"); options.code != 0 || !strings.Contains(options.out, "--context string") {
		t.Errorf("%+v", options)
	}
}
