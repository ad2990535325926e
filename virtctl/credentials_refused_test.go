// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"net/http"
	"strings"
	"testing"
)

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
