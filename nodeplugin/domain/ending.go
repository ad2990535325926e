// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/session"
)

// endTimeout is how long a launcher may take to accept that its guest shall stop. What it does not
// hear here the kubelet tells it.
const endTimeout = 5 * time.Second

// Ending has the guest of a deleted instance stopped. The launcher hears the same from the kubelet,
// but a kubelet that has just started a pod takes seconds to end it. A grace period that was made
// shorter since is passed on as well.
func (m *Manager) Ending(vmi *v1.VirtualMachineInstance) {
	if vmi == nil || vmi.DeletionTimestamp == nil || vmi.IsFinal() {
		return
	}
	g := m.Lookup(types.NamespacedName{Namespace: vmi.Namespace, Name: vmi.Name})
	if g == nil || g.Volume.InstanceUID != vmi.UID {
		return
	}
	grace := ptr.Deref(vmi.Spec.TerminationGracePeriodSeconds, 0)
	if !g.tell(grace) {
		return
	}
	m.running.Go(func() {
		ctx, cancel := context.WithTimeout(g.ctx, endTimeout)
		defer cancel()
		if _, err := g.send(ctx, session.Command{Verb: session.VerbShutdown, GracePeriodSeconds: &grace}, &call{}); err != nil && ctx.Err() == nil {
			g.logger.V(2).Info("The launcher was not told to stop its guest", "err", err)
		}
	})
}

// tell notes that the launcher hears of its end with this grace period; false when it has already.
func (g *Guest) tell(grace int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current == nil || g.current.told != nil && *g.current.told <= grace {
		return false
	}
	g.current.told = &grace
	return true
}
