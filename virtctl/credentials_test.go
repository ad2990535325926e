// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const (
	secretsPath = "/api/v1/namespaces/lab/secrets"
	publicKey   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey me@laptop"
)

// withKeys answers with a virtual machine that uses Secrets with the keys of admin, and one with passwords.
func withKeys(secrets ...string) http.HandlerFunc {
	list := []string{`{"userPassword":{"source":{"secret":{"secretName":"passwords"}},"propagationMethod":{"qemuGuestAgent":{}}}}`}
	for _, name := range secrets {
		list = append(list, fmt.Sprintf(`{"sshPublicKey":{"source":{"secret":{"secretName":%q}},"propagationMethod":{"qemuGuestAgent":{"users":["admin"]}}}}`, name))
	}
	// Those that the guest agent does not set are not meant.
	list = append(list, `{"sshPublicKey":{"source":{"secret":{"secretName":"atboot"}},"propagationMethod":{"noCloud":{}}}}`)
	return says(`{"metadata":{"name":"demo","namespace":"lab","uid":"u"},"spec":{"template":{"spec":{"domain":{"devices":{}},"accessCredentials":[` + strings.Join(list, ",") + `]}}}}`)
}

// withSecret answers with a Secret of demo, or of nobody.
func withSecret(name, owner string, data map[string]string) http.HandlerFunc {
	var entries []string
	for key, value := range data {
		entries = append(entries, fmt.Sprintf("%q:%q", key, base64.StdEncoding.EncodeToString([]byte(value))))
	}
	return says(fmt.Sprintf(`{"metadata":{"name":%q,"resourceVersion":"7","ownerReferences":[{"uid":%q}]},"data":{%s}}`, name, owner, strings.Join(entries, ",")))
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestKeysGoIntoTheSecretOfTheUser(t *testing.T) {
	key := writeFile(t, publicKey+"\n")
	patched := func(name string) request {
		return request{"PATCH", secretsPath + "/" + name, `{"data":{"ssh-key-362de67e":"` + encoded(publicKey) + `"}}`}
	}
	for _, c := range []struct {
		args    string
		answers map[string]http.HandlerFunc
		want    *request
		out     string
	}{
		{"--file=" + key, map[string]http.HandlerFunc{"GET " + objPath: withKeys("keys"), "GET " + secretsPath + "/keys": withSecret("keys", "u", nil)},
			ptrTo(patched("keys")), "Successfully added the key to secret \"keys\"\n"},
		{"--file=" + key + " --secret=more", map[string]http.HandlerFunc{"GET " + objPath: withKeys("keys", "more"), "GET " + secretsPath + "/more": withSecret("more", "u", nil)},
			ptrTo(patched("more")), "Successfully added the key to secret \"more\"\n"},
		{"--file=" + key + " --force", map[string]http.HandlerFunc{"GET " + objPath: withKeys("keys"), "GET " + secretsPath + "/keys": withSecret("keys", "other", nil)},
			ptrTo(patched("keys")), "Successfully added the key to secret \"keys\"\n"},
		{"--file=" + key, map[string]http.HandlerFunc{"GET " + objPath: withKeys("keys"), "GET " + secretsPath + "/keys": withSecret("keys", "other",
			map[string]string{"a": "ssh-rsa AAAAB3 x\nfrom=\"10.*\" " + strings.TrimSuffix(publicKey, "laptop") + "desktop"})},
			nil, "Secret \"keys\" already contains this SSH key.\n"},
	} {
		for _, name := range []string{"keys", "more"} {
			c.answers["PATCH "+secretsPath+"/"+name] = says("{}")
		}
		cluster := newCluster(t, c.answers)
		got := cluster.run(t, strings.Fields("credentials add-ssh-key demo -u admin "+c.args)...)
		if got.code != 0 || got.out != c.out || got.errOut != "" {
			t.Errorf("%s: %+v", c.args, got)
		}
		seen := cluster.requests()
		if c.want == nil && len(seen) != 2 || c.want != nil && seen[len(seen)-1] != *c.want {
			t.Errorf("%s: requests %v\nwant %v", c.args, seen, c.want)
		}
	}
}

func ptrTo[T any](value T) *T { return &value }

func TestANewSecretWithAKey(t *testing.T) {
	for _, c := range []struct {
		name, args string
		vm         http.HandlerFunc
		patch      string
	}{
		{"without credentials", "", says(`{"metadata":{"name":"demo","namespace":"lab","uid":"u"},"spec":{"template":{"spec":{"domain":{"devices":{}}}}}}`),
			`[{"op":"test","path":"/spec/template/spec/accessCredentials","value":null},{"op":"add","path":"/spec/template/spec/accessCredentials","value":[CREDENTIAL]}]`},
		{"of another user", "", says(`{"metadata":{"name":"demo","namespace":"lab","uid":"u"},"spec":{"template":{"spec":{"domain":{"devices":{}},"accessCredentials":[{"userPassword":{"source":{},"propagationMethod":{}}}]}}}}`),
			`[{"op":"test","path":"/spec/template/spec/accessCredentials","value":[{"userPassword":{"source":{},"propagationMethod":{}}}]},{"op":"add","path":"/spec/template/spec/accessCredentials/-","value":CREDENTIAL}]`},
		{"beside one that there is", "--create-secret", withKeys("keys"), ""},
	} {
		var dry []string
		patches := func(w http.ResponseWriter, r *http.Request) {
			dry = append(dry, r.URL.Query().Get("dryRun"))
			says("{}")(w, r)
		}
		cluster := newCluster(t, map[string]http.HandlerFunc{
			"GET " + objPath: c.vm, "GET " + instancePath: refuse(404, "NotFound", "no"), "PATCH " + objPath: patches, "POST " + secretsPath: says("{}"),
		})
		got := cluster.run(t, append([]string{"credentials", "add-ssh-key", "demo", "--user=admin", "--value=" + publicKey}, strings.Fields(c.args)...)...)
		if got.code != 0 || got.errOut != "" {
			t.Fatalf("%s: %+v", c.name, got)
		}
		seen := cluster.requests()
		if len(seen) != 5 || !reflect.DeepEqual(dry, []string{"All", ""}) || seen[2].body != seen[4].body {
			t.Fatalf("%s: requests %v, dry %v; want a check, a Secret and a change", c.name, seen, dry)
		}
		// The server refuses what it does not know before the Secret is there.
		secret := seen[3]
		name := strings.SplitN(strings.TrimPrefix(secret.body, `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"`), `"`, 2)[0]
		if want := fmt.Sprintf("Secret %q with the key was created; VM demo uses it from its next start on\n", name); got.out != want || !strings.HasPrefix(name, "demo-ssh-key-") {
			t.Errorf("%s: prints %q, want %q", c.name, got.out, want)
		}
		for _, part := range []string{`"ownerReferences":[{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","name":"demo","uid":"u","controller":true}]`,
			`"data":{"ssh-key-362de67e":"` + encoded(publicKey) + `"}`} {
			if !strings.Contains(secret.body, part) {
				t.Errorf("%s: Secret %s has no %s", c.name, secret.body, part)
			}
		}
		credential := fmt.Sprintf(`{"sshPublicKey":{"source":{"secret":{"secretName":%q}},"propagationMethod":{"qemuGuestAgent":{"users":["admin"]}}}}`, name)
		if want := strings.Replace(c.patch, "CREDENTIAL", credential, 1); c.patch != "" && seen[4].body != want {
			t.Errorf("%s: patch %s\nwant %s", c.name, seen[4].body, want)
		}
	}
}

func TestKeysAreTakenAway(t *testing.T) {
	conflicts := 1
	answers := map[string]http.HandlerFunc{
		"GET " + objPath:               withKeys("keys", "more", "gone"),
		"GET " + secretsPath + "/keys": withSecret("keys", "u", map[string]string{"a": publicKey, "b": "ssh-rsa AAAAB3 x\n" + publicKey + "\n"}),
		"GET " + secretsPath + "/more": withSecret("more", "other", map[string]string{"c": "ssh-rsa AAAAB3 x"}),
		"GET " + secretsPath + "/gone": refuse(404, "NotFound", "no"),
		"PATCH " + secretsPath + "/keys": func(w http.ResponseWriter, r *http.Request) {
			if conflicts--; conflicts >= 0 {
				refuse(409, "Conflict", "the object has been modified")(w, r)
				return
			}
			says("{}")(w, r)
		},
	}
	cluster := newCluster(t, answers)
	got := cluster.run(t, "credentials", "remove-ssh-key", "demo", "--user=admin", "--value="+publicKey)
	if got.code != 0 || got.out != "Successfully removed the key from secret \"keys\"\n" || got.errOut != "" {
		t.Errorf("%+v", got)
	}
	want := request{"PATCH", secretsPath + "/keys", `{"data":{"a":null,"b":"` + encoded("ssh-rsa AAAAB3 x") + `"},"metadata":{"resourceVersion":"7"}}`}
	tries := 0
	for _, r := range cluster.requests() {
		if r.method == "PATCH" {
			if tries++; r != want {
				t.Errorf("request %v, want %v", r, want)
			}
		}
	}
	if tries != 2 {
		t.Errorf("%d tries, want one more after a conflict", tries)
	}
	if got := newCluster(t, answers).run(t, "credentials", "remove-ssh-key", "demo", "--user=admin", "--value="+publicKey, "--secret=more"); got.code != 0 || got.out != "The key is in none of the secrets more\n" {
		t.Errorf("%+v", got)
	}
	if got := newCluster(t, answers).run(t, "credentials", "remove-ssh-key", "demo", "--user=nobody", "--value="+publicKey); got.code != 0 || got.out != "No secrets associated with user nobody\n" {
		t.Errorf("%+v", got)
	}
}
