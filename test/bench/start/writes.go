// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/virtplane/virtplane/test/bench/series"
)

// idleWindow is how long the writes of an idle cluster are counted before, to be subtracted.
const idleWindow = 30 * time.Second

// lingering is how long writes of an ended instance, such as events, may still arrive.
const lingering = 5 * time.Second

// background are resources that are written whether instances come and go or not.
var background = []string{"leases", "subjectaccessreviews", "tokenreviews", "nodes", "endpointslices"}

// countWrites counts the API writes of instances from create to gone, those of kubelet, scheduler
// and events included, as kube-apiserver counts them.
func (o options) countWrites(ctx context.Context, c *cluster) error {
	idle, err := c.writesDuring(ctx, func() error { return sleep(ctx, idleWindow) })
	if err != nil {
		return err
	}
	stop, err := c.countChanges(ctx)
	if err != nil {
		return err
	}
	defer stop()
	began := time.Now()
	busy, err := c.writesDuring(ctx, func() error {
		for i := range o.writes {
			name := fmt.Sprintf("writes-%d", i)
			if _, err := c.startInstances(ctx, []string{name}, o.guest, nil); err != nil {
				return err
			}
			if err := sleep(ctx, time.Second); err != nil {
				return err
			}
			if _, err := c.endInstances(ctx, []string{name}); err != nil {
				return err
			}
		}
		return sleep(ctx, lingering)
	})
	if err != nil {
		return err
	}
	scale := time.Since(began).Seconds() / idleWindow.Seconds()
	series.Title("API writes over an instance's life (create, Running, 1 s, delete), mean of %d", o.writes)
	var all float64
	for _, key := range slices.SortedFunc(maps.Keys(busy), func(a, b write) int { return strings.Compare(a.String(), b.String()) }) {
		n := (busy[key] - idle[key]*scale) / float64(o.writes)
		if n < 0.05 {
			continue
		}
		fmt.Printf("%-46s %8.1f\n", key, n)
		all += n
	}
	ours := float64(stop()) / float64(o.writes)
	fmt.Printf("%-46s %8.1f\n", "virtualmachineinstances, as the watch shows", ours)
	fmt.Printf("%-46s %8.1f\n", "all", all+ours)
	return nil
}

// countChanges counts the changes of instances, each of which is one write to virt-apiserver;
// kube-apiserver does not count what it passes on. The returned function ends and tells the count.
func (c *cluster) countChanges(ctx context.Context) (func() int, error) {
	// Only what changes from now on: the watch would begin with what is there.
	list, err := c.virt.KubevirtV1().VirtualMachineInstances(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fail("list instances", err)
	}
	events, err := c.virt.KubevirtV1().VirtualMachineInstances(c.namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		return nil, fail("watch instances", err)
	}
	counted := make(chan int, 1)
	go func() {
		n := 0
		for range events.ResultChan() {
			n++
		}
		counted <- n
	}()
	return sync.OnceValue(func() int {
		events.Stop()
		return <-counted
	}), nil
}

// write is a kind of write.
type write struct{ group, resource, subresource, verb string }

func (w write) String() string {
	name := w.resource
	if w.subresource != "" {
		name += "/" + w.subresource
	}
	if w.group != "" {
		name += "." + w.group
	}
	return name + " " + w.verb
}

func (c *cluster) writesDuring(ctx context.Context, do func() error) (map[write]float64, error) {
	before, err := c.writes(ctx)
	if err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, err
	}
	after, err := c.writes(ctx)
	if err != nil {
		return nil, err
	}
	for key, n := range before {
		after[key] -= n
	}
	return after, nil
}

// writes reads how many writes kube-apiserver has done so far.
func (c *cluster) writes(ctx context.Context) (map[write]float64, error) {
	raw, err := c.core.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return nil, fail("read metrics of kube-apiserver", err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(raw))
	if err != nil {
		return nil, fail("parse metrics", err)
	}
	counts := map[write]float64{}
	for _, m := range families["apiserver_request_total"].GetMetric() {
		l := labels(m)
		if !slices.Contains([]string{"POST", "PUT", "PATCH", "APPLY", "DELETE"}, l["verb"]) ||
			slices.Contains(background, l["resource"]) || l["dry_run"] != "" || l["code"] >= "400" {
			continue
		}
		counts[write{l["group"], l["resource"], l["subresource"], l["verb"]}] += m.GetCounter().GetValue()
	}
	return counts, nil
}

func labels(m *dto.Metric) map[string]string {
	l := map[string]string{}
	for _, pair := range m.GetLabel() {
		l[pair.GetName()] = pair.GetValue()
	}
	return l
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
