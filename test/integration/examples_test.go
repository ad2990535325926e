// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"sigs.k8s.io/yaml"

	"github.com/virtplane/virtplane/apiserver/commands"
)

// TestExamplesOfInstallations holds that the server takes the flags that the examples give it, and that
// what they mount is there.
func TestExamplesOfInstallations(t *testing.T) {
	for _, name := range []string{"backups", "encryption"} {
		out, err := cluster.kubectl("kustomize", "../../artifacts/examples/"+name)
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		set := &appsv1.StatefulSet{}
		for document := range strings.SplitSeq(out, "\n---\n") {
			if strings.Contains(document, "\nkind: StatefulSet\n") {
				if err := yaml.UnmarshalStrict([]byte(document), set); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
		pod := set.Spec.Template.Spec
		if len(pod.Containers) != 1 {
			t.Fatalf("%s: %d containers", name, len(pod.Containers))
		}
		o, err := parse(pod.Containers[0].Args)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o.EtcdMember = "virt-apiserver-0" // the name of the pod
		for _, problem := range o.Validate() {
			t.Errorf("%s: %v", name, problem)
		}
		expectMounts(t, name, pod, "data")
		switch name {
		case "backups":
			if o.Backups.Dir == "" || o.Backups.Keep != 8 {
				t.Errorf("backups by %+v", o.Backups)
			}
		case "encryption":
			if !strings.HasSuffix(o.Recommended.Etcd.EncryptionProviderConfigFilepath, "/keys.yaml") {
				t.Errorf("encryption by %q", o.Recommended.Etcd.EncryptionProviderConfigFilepath)
			}
		}
	}
}

// expectMounts checks that every mount has its volume. templates are the volumes of the stateful set.
func expectMounts(t *testing.T, what string, pod corev1.PodSpec, templates ...string) {
	t.Helper()
	for _, volume := range pod.Volumes {
		templates = append(templates, volume.Name)
	}
	for _, mount := range pod.Containers[0].VolumeMounts {
		if !slices.Contains(templates, mount.Name) {
			t.Errorf("%s: nothing is mounted at %s", what, mount.MountPath)
		}
	}
}

func TestExampleOfKeys(t *testing.T) {
	content := string(must(os.ReadFile("../../artifacts/examples/encryption/keys.yaml"))(t))
	content = strings.Replace(content, "secret: SECRET", "secret: "+base64.StdEncoding.EncodeToString(make([]byte, 32)), 1)
	path := filepath.Join(t.TempDir(), "keys.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded := must(encryptionconfig.LoadEncryptionConfig(t.Context(), path, true, "test"))(t)
	for _, resource := range []string{"virtualmachines", "virtualmachineinstances", "kubevirts"} {
		if loaded.Transformers[apischema.GroupResource{Group: "kubevirt.io", Resource: resource}] == nil {
			t.Errorf("%s are not encrypted", resource)
		}
	}
}

func TestExampleOfARestore(t *testing.T) {
	pod := &corev1.Pod{}
	if err := yaml.UnmarshalStrict(must(os.ReadFile("../../artifacts/examples/restore-pod.yaml"))(t), pod); err != nil {
		t.Fatal(err)
	}
	expectMounts(t, "restore", pod.Spec)
	container := pod.Spec.Containers[0]
	i := slices.IndexFunc(commands.All(), func(cmd *cobra.Command) bool { return cmd.Name() == container.Command[1] })
	if i < 0 || !container.Stdin || !container.StdinOnce {
		t.Fatalf("the pod runs %q", container.Command)
	}
	if err := commands.All()[i].ParseFlags(container.Command[2:]); err != nil {
		t.Error(err)
	}
}
