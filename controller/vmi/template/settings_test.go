// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"math"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestSettingsOfTheInstallationShowInPods(t *testing.T) {
	options := launching(func(l *config.Launchers) {
		l.CPURequest, l.OverheadRatio = ptr.To(resource.MustParse("330m")), 1.5
		l.ImagePullPolicy, l.RuntimeClass = "Always", "kata"
		l.NodeSelector = map[string]string{"disk": "ssd", "zone": "a"}
	})
	options.Verbosity = 4
	vmi := sized("128Mi", 4)
	vmi.Spec.NodeSelector = map[string]string{"zone": "b"}
	pod := mustPod(t, vmi, options)
	container := pod.Spec.Containers[0]
	if got := container.Resources.Requests.Cpu().String(); got != "330m" {
		t.Errorf("it asks for %s CPU", got)
	}
	plain := Overhead(vmi, false)
	if got, want := container.Resources.Requests.Memory().Value()-128<<20, plain.Value()*3/2; got != want {
		t.Errorf("it asks for %d bytes beside the guest's, want %d", got, want)
	}
	if container.ImagePullPolicy != "Always" || ptr.Deref(pod.Spec.RuntimeClassName, "") != "kata" {
		t.Errorf("pull policy %s, runtime class %v", container.ImagePullPolicy, pod.Spec.RuntimeClassName)
	}
	if s := pod.Spec.NodeSelector; s["disk"] != "ssd" || s["zone"] != "b" {
		t.Errorf("node selector %v: the instance's own must win", s)
	}
	if !slices.Contains(container.Args, "--v=4") {
		t.Errorf("arguments %v", container.Args)
	}
	if args := mustPod(t, vmi, withKVM).Spec.Containers[0].Args; slices.ContainsFunc(args, func(a string) bool { return a[:3] == "--v" }) {
		t.Errorf("without a log level the arguments are %v", args)
	}
}

func TestAnInstancesOwnRequestsWinOverSettings(t *testing.T) {
	vmi := sized("128Mi", 4)
	vmi.Spec.Domain.Resources = v1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("700m")}}
	pod := mustPod(t, vmi, launching(func(l *config.Launchers) { l.CPURequest = ptr.To(resource.MustParse("330m")) }))
	if got := pod.Spec.Containers[0].Resources.Requests.Cpu().String(); got != "700m" {
		t.Errorf("it asks for %s CPU", got)
	}
}

func TestTheLargestGuestWithTheLargestRatioDoesNotOverflow(t *testing.T) {
	options := launching(func(l *config.Launchers) { l.OverheadRatio = config.MaxOverheadRatio })
	huge := sized("128Mi", 1)
	huge.Spec.Domain.Memory.Guest = resource.NewQuantity(math.MaxInt64, resource.BinarySI)
	if got := options.Overhead(huge); got.Sign() <= 0 {
		t.Errorf("the overhead is %s", got.String())
	}
}
