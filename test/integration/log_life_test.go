// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// TestAStopEndsFollowers holds that a server which stops does not wait for answers that have no end, and that
// their readers hear that it is not the guest that has ended.
func TestAStopEndsFollowers(t *testing.T) {
	s := must(cluster.newServer(cluster.file("sigterm-logs")))(t)
	defer s.listener.Close()
	log := cluster.file("sigterm-logs.log")
	if err := s.startProcess(t.Context(), log); err != nil {
		t.Fatalf("%v: %s", err, kubeapiserver.Tail(log))
	}
	login := must(s.login("admin", "system:masters"))(t)
	api := must(clientset.NewForConfig(login))(t).KubevirtV1()
	ns := newNamespace(t)
	p := startPlugin(t, "sigterm-log-node")
	vmi := must(api.VirtualMachineInstances(ns).Create(t.Context(), newVMI("demo"), metav1.CreateOptions{}))(t)
	vmi.Status.Phase, vmi.Status.NodeName = v1.Running, p.node
	must(api.VirtualMachineInstances(ns).UpdateStatus(t.Context(), vmi, metav1.UpdateOptions{}))(t)
	path := pathOf("kubevirt.io", ns, "virtualmachineinstances", "demo") + "/log"
	eventually(t, "plugin of the node", func(ctx context.Context) error {
		a, err := send(ctx, login, http.MethodGet, path, "", nil)
		if err != nil || a.code != http.StatusOK {
			return fmt.Errorf("%d %s, %v", a.code, a.body, err)
		}
		return nil
	})
	says, gone := make(chan string, 1), make(chan struct{}, 1)
	p.answer = tell(says, gone)
	body := openLog(t, t.Context(), login, path+"?follow=true")
	defer body.Close()
	says <- "it boots\n"
	lines := bufio.NewReader(body)
	if got, err := lines.ReadString('\n'); got != "it boots\n" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	begin := time.Now()
	if err := s.terminate(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it took %s to end", took)
	}
	if rest, err := io.ReadAll(lines); err == nil {
		t.Errorf("the follower's end is %q without an error", rest)
	}
	<-gone
}

// TestTheControllerNotesWhereTheLogIs holds that nothing is written of it while a guest starts and runs.
func TestTheControllerNotesWhereTheLogIs(t *testing.T) {
	ns := newNamespace(t)
	must(cluster.core.CoreV1().ServiceAccounts(ns).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{}))(t)
	startController(t)
	create(t, ns, newVM("demo", withStrategy(v1.RunStrategyAlways)))
	var vmi *v1.VirtualMachineInstance
	eventually(t, "an instance", func(ctx context.Context) (err error) {
		vmi, err = instances(ns).Get(ctx, "demo", metav1.GetOptions{})
		return err
	})
	launcherOf(t, vmi)
	vmi = getVMI(t, ns, "demo")
	vmi = setPhase(t, vmi, v1.Running, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "node-of-the-log" })
	eventually(t, "a running machine", func(context.Context) error {
		if got := getVM(t, ns, "demo").Status.PrintableStatus; got != v1.VirtualMachineStatusRunning {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})
	if got, noted := getVM(t, ns, "demo").Annotations[v1.LastNodeAnnotation]; noted {
		t.Errorf("%s is noted while the guest runs", got)
	}
	expectDone(t, "stop", put(t, "kubevirt.io", ns, "virtualmachines", "demo", "stop", ""), 202)
	eventually(t, "the note", func(context.Context) error {
		if got := getVM(t, ns, "demo").Annotations[v1.LastNodeAnnotation]; got != "node-of-the-log" {
			return fmt.Errorf("it is %q", got)
		}
		return nil
	})
}
