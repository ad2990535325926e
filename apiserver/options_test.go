// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"defaults", nil, nil},
		{"external etcd needs no data directory", []string{"--etcd-servers=https://192.0.2.7:2379", "--data-dir="}, nil},
		{"relative data directory", []string{"--data-dir=data"}, []string{
			`--data-dir: "data" must be an absolute path, or name external servers with --etcd-servers`,
		}},
		{"longest data directory", []string{"--data-dir=/" + strings.Repeat("d", 94)}, nil},
		{"longer data directory", []string{"--data-dir=/" + strings.Repeat("d", 95)}, []string{
			`--data-dir: "/` + strings.Repeat("d", 95) + `" is 1 characters too long for the path of a socket in it`,
		}},
		{"any front proxy", []string{"--requestheader-client-ca-file=ca.crt"}, []string{
			"--requestheader-allowed-names: must be set with --requestheader-client-ca-file to the common name of the front proxy's certificate, " +
				"or every certificate of that CA could speak for any user",
		}},
		{"negative delay", []string{"--shutdown-delay-duration=-1s"}, []string{"--shutdown-delay-duration: -1s must not be negative"}},
		{"peers", []string{"--etcd-member=virt-apiserver-0", "--etcd-peer-address=virt-apiserver-{ordinal}.peers.svc:2380"}, nil},
		{"peers at one address", []string{"--etcd-member=virt-apiserver-0", "--etcd-peer-address=peers.svc:2380"}, []string{
			`--etcd-peer-address, --etcd-member: address "peers.svc:2380" must have {ordinal} where the addresses of the members differ`,
		}},
		{"member without a number", []string{"--etcd-member=virt-apiserver", "--etcd-peer-address=a-{ordinal}:2380"}, []string{
			`--etcd-peer-address, --etcd-member: name of the member "virt-apiserver" must end in - and a number below 9, as the pods of a stateful set do`,
		}},
		{"all problems at once", []string{"--data-dir=", "--namespace=", "--service-name="}, []string{
			`--data-dir: "" must be an absolute path, or name external servers with --etcd-servers`,
			"--namespace: must be set",
			"--service-name: must be set",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := NewOptions()
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			o.AddFlags(flags)
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			embedded := o.embedded()
			var got []string
			for _, err := range o.Validate() {
				got = append(got, err.Error())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("problems %q, want %q", got, c.want)
			}
			if o.embedded() != embedded {
				t.Error("validation changed where the objects are stored")
			}
		})
	}
}

func TestObjectsAreStoredAsProtobufOfTheOneVersion(t *testing.T) {
	codec := storageCodec()
	for _, obj := range []runtime.Object{&v1.VirtualMachine{}, &v1.VirtualMachineInstance{}} {
		data, err := runtime.Encode(codec, obj)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(data, []byte("k8s\x00")) || !bytes.Contains(data, []byte("kubevirt.io/v1")) {
			t.Errorf("%T is stored as %q", obj, data)
		}
		back, kind, err := codec.Decode(data, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if kind.GroupVersion() != v1.SchemeGroupVersion {
			t.Errorf("%T is stored in version %s", obj, kind.GroupVersion())
		}
		if reflect.TypeOf(back) != reflect.TypeOf(obj) {
			t.Errorf("%T came back as %T", obj, back)
		}
	}
}

func TestNewObjectsGetTheirDefaultsOnDecoding(t *testing.T) {
	body := []byte(`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","spec":{"domain":{"memory":{"guest":"1Gi"}}}}`)
	obj, _, err := Codecs.UniversalDecoder(v1.SchemeGroupVersion).Decode(body, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if vmi, ok := obj.(*v1.VirtualMachineInstance); !ok || vmi.Spec.Architecture != "amd64" || vmi.Spec.TerminationGracePeriodSeconds == nil {
		t.Errorf("decoded %v", obj)
	}
}
