// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
	"k8s.io/apimachinery/pkg/api/validate/content"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// watch tells a page of the virtual machines of a namespace, or of all when none is named, and of all that changes. It
// is a websocket because browsers have few ordinary connections for all tabs together.
func (s *server) watch(w http.ResponseWriter, r *http.Request) {
	namespace := r.URL.Query().Get("namespace")
	if problems := content.IsPathSegmentName(namespace); len(problems) > 0 {
		writeError(w, http.StatusBadRequest, fmt.Errorf("namespace %q is not a valid name: %s", namespace, strings.Join(problems, ", ")))
		return
	}
	s.streams.Add(1)
	defer s.streams.Done()
	browser, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has been answered
	}
	defer browser.Close()
	browser.SetReadLimit(maxTyped)
	expectAnswers(browser)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() {
		// Nothing is expected; reading is how answers to pings and the end are heard.
		defer cancel()
		for {
			if _, _, err := browser.ReadMessage(); err != nil {
				return
			}
		}
	})
	running.Go(func() { keepAlive(ctx, browser) })
	i := newInventory(func(n news) {
		_ = browser.SetWriteDeadline(deadline())
		if browser.WriteJSON(n) != nil {
			cancel()
		}
	})
	running.Go(func() { s.followMachines(namespace, i).run(ctx) })
	running.Go(func() { s.followInstances(namespace, i).run(ctx) })
	<-ctx.Done()
	say(browser, websocket.CloseGoingAway, "virtctl has ended")
	browser.Close()
	running.Wait()
}

func (s *server) followMachines(namespace string, i *inventory) *follower[v1.VirtualMachine] {
	placeOf := func(vm *v1.VirtualMachine) place { return place{vm.Namespace, vm.Name} }
	return &follower[v1.VirtualMachine]{
		requests: s.requests, path: listPath(namespace, machines),
		fail: func(err error) { i.fail(machines, err) },
		replace: func(all []v1.VirtualMachine) {
			now := map[place]machineFacts{}
			for n := range all {
				now[placeOf(&all[n])] = machineFactsOf(&all[n])
			}
			replace(i, machines, i.machines, now)
		},
		update: func(vm *v1.VirtualMachine) {
			facts := machineFactsOf(vm)
			set(i, i.machines, placeOf(vm), &facts)
		},
		remove: func(vm *v1.VirtualMachine) { set(i, i.machines, placeOf(vm), nil) },
	}
}

func (s *server) followInstances(namespace string, i *inventory) *follower[v1.VirtualMachineInstance] {
	placeOf := func(vmi *v1.VirtualMachineInstance) place { return place{vmi.Namespace, vmi.Name} }
	return &follower[v1.VirtualMachineInstance]{
		requests: s.requests, path: listPath(namespace, instances),
		fail: func(err error) { i.fail(instances, err) },
		replace: func(all []v1.VirtualMachineInstance) {
			now := map[place]instanceFacts{}
			for n := range all {
				now[placeOf(&all[n])] = instanceFactsOf(&all[n])
			}
			replace(i, instances, i.instances, now)
		},
		update: func(vmi *v1.VirtualMachineInstance) {
			facts := instanceFactsOf(vmi)
			set(i, i.instances, placeOf(vmi), &facts)
		},
		remove: func(vmi *v1.VirtualMachineInstance) { set(i, i.instances, placeOf(vmi), nil) },
	}
}

func listPath(namespace, resource string) []string {
	if namespace == "" {
		return []string{objectsPath, resource}
	}
	return []string{objectsPath, "namespaces", namespace, resource}
}
