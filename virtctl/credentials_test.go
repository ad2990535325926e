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

func TestARefusedCredentialLeavesNoSecret(t *testing.T) {
	vm := says(`{"metadata":{"name":"demo","uid":"u"},"spec":{"template":{"spec":{"domain":{"devices":{}}}}}}`)
	refused := refuse(422, "Invalid", "spec.template.spec.accessCredentials: access credentials are not supported")
	cluster := newCluster(t, map[string]http.HandlerFunc{"GET " + objPath: vm, "GET " + instancePath: refuse(404, "NotFound", "no"), "PATCH " + objPath: refused})
	got := cluster.run(t, "credentials", "add-ssh-key", "demo", "--user=admin", "--value="+publicKey)
	if got.code != 1 || got.errOut != "Error from server (Invalid): spec.template.spec.accessCredentials: access credentials are not supported\n" {
		t.Errorf("%+v", got)
	}
	for _, r := range cluster.requests() {
		if r.method == "POST" {
			t.Errorf("a Secret was made: %v", cluster.requests())
		}
	}

	// Where the change fails after all, the Secret is taken away again.
	tries, deleted := 0, false
	var handler http.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "DELETE" && strings.HasPrefix(r.URL.Path, secretsPath+"/demo-ssh-key-"):
			deleted = true
		case r.Method == "PATCH":
			if tries++; tries > 1 {
				refuse(409, "Conflict", "somebody was faster")(w, r)
				return
			}
		case r.URL.Path == instancePath:
			refuse(404, "NotFound", "no")(w, r)
			return
		}
		vm(w, r)
	}
	cluster = newCluster(t, nil)
	cluster.Config.Handler = handler
	got = cluster.run(t, "credentials", "add-ssh-key", "demo", "--user=admin", "--value="+publicKey)
	if got.code != 1 || !strings.Contains(got.errOut, "somebody was faster") || !deleted {
		t.Errorf("%+v, deleted %v", got, deleted)
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

func TestPasswords(t *testing.T) {
	for _, args := range [][]string{{"--password=se cret"}, {"--password-file=" + writeFile(t, "se cret\n")}} {
		cluster := newCluster(t, map[string]http.HandlerFunc{
			"GET " + objPath: withKeys(), "GET " + secretsPath + "/passwords": withSecret("passwords", "u", nil), "PATCH " + secretsPath + "/passwords": says("{}"),
		})
		got := cluster.run(t, append([]string{"credentials", "set-password", "demo", "--user=a/b"}, args...)...)
		if got.code != 0 || got.out != "Successfully set password in secret \"passwords\"\n" || got.errOut != "" {
			t.Errorf("%+v", got)
		}
		if seen := cluster.requests(); seen[len(seen)-1] != (request{"PATCH", secretsPath + "/passwords", `{"data":{"a/b":"` + encoded("se cret") + `"}}`}) {
			t.Errorf("requests %v", seen)
		}
	}
}

func TestCredentialsThatAreRefused(t *testing.T) {
	private := writeFile(t, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
	foreign := map[string]http.HandlerFunc{
		"GET " + objPath:                    withKeys("keys", "more"),
		"GET " + instancePath:               says("{}"),
		"GET " + secretsPath + "/keys":      withSecret("keys", "other", map[string]string{"a": "ssh-ed25519 AAAAnother"}),
		"GET " + secretsPath + "/passwords": withSecret("passwords", "other", nil),
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"add-ssh-key", "demo", "--value=" + publicKey}, "--user is missing"},
		{[]string{"add-ssh-key", "demo", "-u=admin"}, "either --file or --value"},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--value=" + publicKey, "--file=x"}, "either --file or --value"},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--value=hello world"}, `"hello world" is not a public key`},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--value=" + publicKey + "\n" + publicKey}, "several lines"},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--file=" + private}, "that is a private key"},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--file=/none"}, "read public key: open /none"},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--value=" + publicKey, "--create-secret", "--update-secret"}, "exclude each other"},
		{[]string{"add-ssh-key", "vmi/demo", "-u=admin", "--value=" + publicKey}, "works on virtual machines"},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--value=" + publicKey}, "choose one of keys and more with --secret"},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--value=" + publicKey, "--secret=x"}, "does not use the Secret x for user admin; it uses keys and more"},
		{[]string{"add-ssh-key", "demo", "-u=admin", "--value=" + publicKey, "--secret=keys"}, "the Secret keys does not belong to VM demo"},
		{[]string{"add-ssh-key", "demo", "-u=root", "--value=" + publicKey, "--update-secret"}, "VM demo uses no Secret for user root"},
		{[]string{"add-ssh-key", "demo", "-u=root", "--value=" + publicKey}, "VM demo is running"},
		{[]string{"remove-ssh-key", "demo", "-u=admin", "--value=" + "ssh-ed25519 AAAAnother"}, "the Secret keys does not belong to VM demo"},
		{[]string{"remove-ssh-key", "demo", "-u=admin", "--value=" + publicKey, "--secret=x"}, "does not use the Secret x"},
		{[]string{"set-password", "demo", "-u=admin"}, "either --password or --password-file"},
		{[]string{"set-password", "demo", "-u=admin", "--password-file=" + writeFile(t, "\n")}, "it is empty"},
		{[]string{"set-password", "demo", "-u=admin", "-p=x"}, "the Secret passwords does not belong to VM demo"},
		{[]string{"set-password", "demo", "-u=admin", "-p=x", "--secret=y"}, "does not use the Secret y"},
	} {
		cluster := newCluster(t, foreign)
		got := cluster.run(t, append([]string{"credentials"}, c.args...)...)
		if got.code != 1 || got.out != "" || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, c.want) {
			t.Errorf("%q: %+v, want %q", c.args, got, c.want)
		}
		for _, r := range cluster.requests() {
			if r.method != "GET" {
				t.Errorf("%q: sent %v", c.args, r)
			}
		}
	}
}
