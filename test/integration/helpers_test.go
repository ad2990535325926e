// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	kubevirtv1 "github.com/virtplane/virtplane/client/clientset/versioned/typed/kubevirt/v1"
)

// patience is how long the tests wait for what happens within milliseconds on an idle machine.
const patience = 30 * time.Second

// newNamespace makes a namespace for one test, which nothing ever deletes: the cluster goes as a whole.
func newNamespace(t *testing.T) string {
	t.Helper()
	ns, err := cluster.core.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("create namespace: %v", err)
	}
	return ns.Name
}

func machines(namespace string) kubevirtv1.VirtualMachineInterface {
	return cluster.client.KubevirtV1().VirtualMachines(namespace)
}

func instances(namespace string) kubevirtv1.VirtualMachineInstanceInterface {
	return cluster.client.KubevirtV1().VirtualMachineInstances(namespace)
}

// newVM returns a virtual machine that is valid, changed.
func newVM(name string, changes ...func(*v1.VirtualMachine)) *v1.VirtualMachine {
	strategy := v1.RunStrategyHalted
	vm := &v1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1.VirtualMachineSpec{
			RunStrategy: &strategy,
			Template:    &v1.VirtualMachineInstanceTemplateSpec{Spec: newSpec()},
		},
	}
	for _, change := range changes {
		change(vm)
	}
	return vm
}

func newVMI(name string, changes ...func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: newSpec()}
	for _, change := range changes {
		change(vmi)
	}
	return vmi
}

func newSpec() v1.VirtualMachineInstanceSpec {
	guest := resource.MustParse("128Mi")
	return v1.VirtualMachineInstanceSpec{
		Domain: v1.DomainSpec{
			Memory:  &v1.Memory{Guest: &guest},
			Devices: v1.Devices{Disks: []v1.Disk{{Name: "root", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}}}},
		},
		Volumes: []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "example.com/guest:1"}}}},
	}
}

func withStrategy(strategy v1.VirtualMachineRunStrategy) func(*v1.VirtualMachine) {
	return func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy = &strategy }
}

func create(t *testing.T, namespace string, vm *v1.VirtualMachine) *v1.VirtualMachine {
	t.Helper()
	return must(machines(namespace).Create(t.Context(), vm, metav1.CreateOptions{}))(t)
}

func createVMI(t *testing.T, namespace string, vmi *v1.VirtualMachineInstance) *v1.VirtualMachineInstance {
	t.Helper()
	return must(instances(namespace).Create(t.Context(), vmi, metav1.CreateOptions{}))(t)
}

// setPhase gives an instance a status, as the controller and the plugins do.
func setPhase(t *testing.T, vmi *v1.VirtualMachineInstance, phase v1.VirtualMachineInstancePhase, changes ...func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	t.Helper()
	vmi = vmi.DeepCopy()
	vmi.Status.Phase = phase
	for _, change := range changes {
		change(vmi)
	}
	return must(instances(vmi.Namespace).UpdateStatus(t.Context(), vmi, metav1.UpdateOptions{}))(t)
}

func getVM(t *testing.T, namespace, name string) *v1.VirtualMachine {
	t.Helper()
	return must(machines(namespace).Get(t.Context(), name, metav1.GetOptions{}))(t)
}

func getVMI(t *testing.T, namespace, name string) *v1.VirtualMachineInstance {
	t.Helper()
	return must(instances(namespace).Get(t.Context(), name, metav1.GetOptions{}))(t)
}

// must fails the test on an error and hands the value on.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// eventually waits for a condition that is brought about by a watch of the server.
func eventually(t *testing.T, what string, condition func(context.Context) error) {
	t.Helper()
	eventuallyWithin(t, patience, what, condition)
}

// eventuallyWithin is eventually for what takes longer by design.
func eventuallyWithin(t *testing.T, limit time.Duration, what string, condition func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for {
		err := condition(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// expectStatus checks an error of the API: its code, and its message when one is given.
func expectStatus(t *testing.T, what string, err error, code int32, message string) {
	t.Helper()
	status, ok := err.(apierrors.APIStatus)
	switch {
	case !ok:
		t.Errorf("%s: got %v, want an error with code %d", what, err, code)
	case status.Status().Code != code, message != "" && status.Status().Message != message:
		t.Errorf("%s: got %d %q\nwant %d %q", what, status.Status().Code, status.Status().Message, code, message)
	}
}

// answer is what came back of a plain HTTP request.
type answer struct {
	code   int
	header http.Header
	body   string
}

// status returns the Status in an answer.
func (a answer) status(t *testing.T) *metav1.Status {
	t.Helper()
	s := &metav1.Status{}
	if err := json.Unmarshal([]byte(a.body), s); err != nil || s.Kind != "Status" {
		t.Fatalf("answer %d %q is no Status", a.code, a.body)
	}
	return s
}

// send sends one request as a user and reads the answer, with nothing in between that would make it nicer.
func send(ctx context.Context, login *rest.Config, method, path, body string, header map[string]string) (answer, error) {
	client, err := rest.HTTPClientFor(login)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, login.Host+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for key, value := range header {
		req.Header.Set(key, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(content)}, err
}

// call is send for the goroutine of the test, which an error ends.
func call(t *testing.T, login *rest.Config, method, path, body string, header map[string]string) answer {
	t.Helper()
	return must(send(t.Context(), login, method, path, body, header))(t)
}

// pathOf returns the path of an object or, with an empty name, of all of a namespace.
func pathOf(group, namespace, resource, name string) string {
	path := fmt.Sprintf("/apis/%s/v1/namespaces/%s/%s", group, namespace, resource)
	if name != "" {
		path += "/" + name
	}
	return path
}

func encode(t *testing.T, obj any) string {
	t.Helper()
	return string(must(json.Marshal(obj))(t))
}

func ptr[T any](v T) *T { return &v }
