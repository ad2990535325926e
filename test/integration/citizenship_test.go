// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// TestAuditFollowsItsPolicy holds that an administrator can tell who did what to which virtual machine.
func TestAuditFollowsItsPolicy(t *testing.T) {
	policy, log := cluster.file("audit-policy.yaml"), cluster.file("audited.json")
	if err := os.WriteFile(policy, []byte(`apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Request
    verbs: [create, delete]
    resources: [{group: kubevirt.io, resources: [virtualmachines]}]
  - level: Metadata
    resources: [{group: subresources.kubevirt.io}]
  - level: None
`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startOwnServer(t, "audit", "--audit-policy-file="+policy, "--audit-log-path="+log, "--audit-log-mode=blocking")
	ns := newNamespace(t)
	vms := s.api.VirtualMachines(ns)
	must(vms.Create(t.Context(), newVM("demo"), metav1.CreateOptions{}))(t)
	must(vms.Get(t.Context(), "demo", metav1.GetOptions{}))(t)
	admin, proxy := must(s.login("admin", "system:masters"))(t), loginWith(t, cluster.frontProxy, kubeapiserver.FrontProxyName)
	proxy.Host = admin.Host
	alice := map[string]string{"X-Remote-User": "alice", "X-Remote-Group": "system:masters"}
	if a := call(t, proxy, http.MethodPut, pathOf("subresources.kubevirt.io", ns, "virtualmachines", "demo")+"/start", "", alice); a.code != http.StatusAccepted {
		t.Fatalf("start: %d %s", a.code, a.body)
	}
	var got []string
	for line := range strings.Lines(string(must(os.ReadFile(log))(t))) {
		event := &auditv1.Event{}
		if err := json.Unmarshal([]byte(line), event); err != nil {
			t.Fatal(err)
		}
		ref := event.ObjectRef
		got = append(got, fmt.Sprintf("%s %s %s %s %s/%s %d body %t", event.Level, event.User.Username, event.Verb, ref.APIGroup, ref.Resource, ref.Subresource, event.ResponseStatus.Code, event.RequestObject != nil))
	}
	want := []string{
		"Request admin create kubevirt.io virtualmachines/ 201 body true",
		"Metadata alice update subresources.kubevirt.io virtualmachines/start 202 body false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("audited\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestFlowSchemasOfTheHostShareTheServer holds that one noisy client can be limited by the objects
// that limit it in kube-apiserver.
func TestFlowSchemasOfTheHostShareTheServer(t *testing.T) {
	api := cluster.core.FlowcontrolV1()
	level := must(api.PriorityLevelConfigurations().Create(t.Context(), &flowcontrolv1.PriorityLevelConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "noisy"},
		Spec: flowcontrolv1.PriorityLevelConfigurationSpec{
			Type: flowcontrolv1.PriorityLevelEnablementLimited,
			Limited: &flowcontrolv1.LimitedPriorityLevelConfiguration{
				NominalConcurrencyShares: ptr(int32(0)), BorrowingLimitPercent: ptr(int32(0)),
				LimitResponse: flowcontrolv1.LimitResponse{Type: flowcontrolv1.LimitResponseTypeReject},
			},
		},
	}, metav1.CreateOptions{}))(t)
	schema := must(api.FlowSchemas().Create(t.Context(), &flowcontrolv1.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: "noisy"},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: level.Name}, MatchingPrecedence: 100,
			Rules: []flowcontrolv1.PolicyRulesWithSubjects{{
				Subjects: []flowcontrolv1.Subject{{Kind: flowcontrolv1.SubjectKindUser, User: &flowcontrolv1.UserSubject{Name: "noisy"}}},
				ResourceRules: []flowcontrolv1.ResourcePolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"kubevirt.io"}, Resources: []string{"*"},
					ClusterScope: true, Namespaces: []string{"*"}}},
			}},
		},
	}, metav1.CreateOptions{}))(t)
	noisy := must(cluster.server.login("noisy"))(t)
	const path = "/apis/kubevirt.io/v1/virtualmachines"
	eventually(t, "rejection", func(ctx context.Context) error {
		// The level has no seat, but a request that finds nobody there may pass.
		const atOnce = 32
		answers := make(chan answer, atOnce)
		for range atOnce {
			go func() {
				a, err := send(ctx, noisy, http.MethodGet, path, "", nil)
				if err != nil {
					a.body = err.Error()
				}
				answers <- a
			}()
		}
		rejected := errors.New("no request was rejected")
		for range atOnce {
			a := <-answers
			if got := a.header.Get("X-Kubernetes-Pf-Flowschema-Uid"); got != string(schema.UID) {
				rejected = fmt.Errorf("%d %s fell under the flow schema %q", a.code, a.body, got)
				break
			}
			if a.code == http.StatusTooManyRequests && a.header.Get("Retry-After") != "" {
				rejected = nil
			}
		}
		return rejected
	})
	if a := call(t, cluster.direct, http.MethodGet, path, "", nil); a.code != http.StatusOK {
		t.Errorf("another client: %d %s", a.code, a.body)
	}
	// Probes are exempt: a server under load must not be restarted for it.
	if a := call(t, rest.AnonymousClientConfig(cluster.direct), http.MethodGet, "/readyz", "", nil); a.code != http.StatusOK {
		t.Errorf("a probe: %d %s", a.code, a.body)
	}
}

// metric returns the sum of the series of a metric of the server whose labels match.
func metric(t *testing.T, name string, labels ...string) int {
	t.Helper()
	sum := 0
	for line := range strings.Lines(call(t, cluster.direct, http.MethodGet, "/metrics", "", nil).body) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if !strings.HasPrefix(series, name+"{") || slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(series+"}", l) }) {
			continue
		}
		sum += int(must(strconv.ParseFloat(value, 64))(t))
	}
	return sum
}

// TestConsistentListsComeFromTheCache holds that the embedded etcd tells of its progress: a list as new
// as the last write then need not read the objects from etcd.
func TestConsistentListsComeFromTheCache(t *testing.T) {
	const name = "apiserver_watch_cache_consistent_read_total"
	ns := newNamespace(t)
	labels := []string{`resource="virtualmachines"`, `success="true"`}
	cached := func() int { return metric(t, name, append(labels, `fallback="false"`)...) }
	fallback := func() int { return metric(t, name, `resource="virtualmachines"`, `fallback="true"`) }
	before, fallbackBefore := cached(), fallback()
	const rounds = 20
	for i := range rounds {
		create(t, ns, newVM(fmt.Sprint("vm", i)))
		if list := must(machines(ns).List(t.Context(), metav1.ListOptions{}))(t); len(list.Items) != i+1 {
			t.Fatalf("a list after %d writes holds %d objects", i+1, len(list.Items))
		}
	}
	if got := cached() - before; got < rounds {
		t.Errorf("%d of %d lists came from the cache", got, rounds)
	}
	if got := fallback() - fallbackBefore; got != 0 {
		t.Errorf("%d lists fell back to etcd", got)
	}
}

// TestAPluginCannotRedirect holds that a node plugin that was taken over cannot send virt-apiserver, or
// a client with its credentials, elsewhere.
func TestAPluginCannotRedirect(t *testing.T) {
	p := startPlugin(t, "redirecting-node")
	ns := newNamespace(t)
	runOn(t, ns, "demo", p.node)
	p.drain()
	p.refuse = true
	p.answer = func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, strings.Replace(req.URL.Path, "demo", "other", 1), http.StatusTemporaryRedirect)
	}
	path := pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo")
	redirect := regexp.MustCompile(`^3`)
	for what, request := range map[string]func(*rest.Config) (answer, error){
		"pause": func(login *rest.Config) (answer, error) {
			return send(t.Context(), login, http.MethodPut, path+"/pause", "", nil)
		},
		"console": func(login *rest.Config) (answer, error) {
			conn, resp, err := dialConsole(t, login, path+"/console", nil)
			if err == nil {
				conn.Close()
				return answer{}, errors.New("the console opened")
			}
			if resp == nil {
				return answer{}, err
			}
			return answer{code: resp.StatusCode, header: resp.Header}, nil
		},
	} {
		for through, login := range map[string]*rest.Config{"virt-apiserver": cluster.direct, "kube-apiserver": cluster.admin} {
			a, err := request(login)
			if err != nil || redirect.MatchString(strconv.Itoa(a.code)) || a.code < 400 || a.header.Get("Location") != "" {
				t.Errorf("%s through %s: %d to %q, %v", what, through, a.code, a.header.Get("Location"), err)
			}
			if req := <-p.asked; !strings.Contains(req.URL.Path, "/demo/") {
				t.Errorf("%s through %s followed the redirect to %s", what, through, req.URL.Path)
			}
			select {
			case req := <-p.asked:
				t.Errorf("%s through %s asked again: %s", what, through, req.URL.Path)
			default:
			}
		}
	}
}
