// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// expectStop takes the next message, which has to be a shutdown with the grace period, and answers it.
func (l *launcher) expectStop(grace int64) {
	l.t.Helper()
	m := l.receive()
	if m.Command == nil || m.Command.Verb != session.VerbShutdown || m.Command.GracePeriodSeconds == nil || *m.Command.GracePeriodSeconds != grace {
		l.t.Fatalf("got %+v, want a shutdown within %d s", m, grace)
	}
	l.send(&session.Message{Result: &session.Result{ID: m.Command.ID}})
}

func TestLauncherOfADeletedInstanceIsToldOnce(t *testing.T) {
	n := newNode(t)
	v := n.open(t, "demo")
	l := newLauncher(t, v)
	l.connect()
	vmi, _ := n.instance("demo")
	n.Ending(vmi) // not deleted
	other := deleted(vmi, 1)
	other.UID = "another"
	n.Ending(other)
	ended := deleted(vmi, 2)
	ended.Status.Phase = v1.Succeeded
	n.Ending(ended)

	n.Ending(deleted(vmi, 30))
	l.expectStop(30)
	n.Ending(deleted(vmi, 30)) // a later change of the same instance
	n.Ending(deleted(vmi, 60)) // no launcher is given more time
	n.Ending(deleted(vmi, 5))
	l.expectStop(5)
}

func TestLauncherThatConnectsLateIsToldAfterItsStart(t *testing.T) {
	n := newNode(t)
	v := n.open(t, "demo")
	vmi, _ := n.instance("demo")
	vmi = deleted(vmi, 7)
	n.Ending(vmi)
	n.instances.put(vmi)
	l := newLauncher(t, v)
	l.connect()
	l.expectStop(7)
	// The next session knows nothing of what the last one was told.
	l.conn.Socket().Close()
	l.connect()
	l.expectStop(7)
}

func deleted(vmi *v1.VirtualMachineInstance, grace int64) *v1.VirtualMachineInstance {
	gone := vmi.DeepCopy()
	gone.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	gone.Spec.TerminationGracePeriodSeconds = &grace
	return gone
}
