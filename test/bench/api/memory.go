// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/virtplane/virtplane/test/controlplane"
)

// clockTicks is the unit of processor time in /proc, which Linux fixes for user space.
const clockTicks = 100

// memory reads what the objects take in etcd and in the servers, while all of them are there.
func (b *bench) memory(ctx context.Context, c *column) error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{c.endpoint}, Context: ctx})
	if err != nil {
		return fail("connect to etcd", err)
	}
	defer client.Close()
	all, err := client.Get(ctx, c.prefix, clientv3.WithPrefix())
	if err != nil {
		return fail("read etcd", err)
	}
	var size, found int
	for _, kv := range all.Kvs {
		// ConfigMaps of the system are none of ours.
		if bytes.Contains(kv.Key, []byte("/vm-")) {
			size += len(kv.Value)
			found++
		}
	}
	if found != b.objects {
		return fmt.Errorf("etcd holds %d objects under %s, not %d", found, c.prefix, b.objects)
	}
	c.add("bytes in etcd", float64(size)/float64(found))
	sum, live := 0.0, 0.0
	for _, p := range c.servers {
		heap, err := b.liveHeap(ctx, p)
		if err != nil {
			return err
		}
		live += heap
		rss, err := resident(p)
		if err != nil {
			return err
		}
		c.add("RSS, MiB: "+p.Name, rss)
		sum += rss
	}
	c.add("RSS, MiB", sum)
	c.add("live heap, MiB", live)
	return nil
}

// liveHeap has a server collect its garbage and returns what is left in MiB; 0 for etcd, which cannot be asked. The
// resident set of a server that has been busy is mostly garbage of what it did before.
func (b *bench) liveHeap(ctx context.Context, p *controlplane.Process) (float64, error) {
	config := b.login(p)
	if config == nil {
		return 0, nil
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return 0, fail("make client", err)
	}
	requests := client.CoreV1().RESTClient()
	if err := requests.Get().AbsPath("/debug/pprof/heap").Param("gc", "1").Do(ctx).Error(); err != nil {
		return 0, fail("collect garbage of "+p.Name, err)
	}
	metrics, err := requests.Get().AbsPath("/metrics").Do(ctx).Raw()
	if err != nil {
		return 0, fail("read metrics of "+p.Name, err)
	}
	for line := range strings.Lines(string(metrics)) {
		if value, ok := strings.CutPrefix(line, "go_memstats_heap_alloc_bytes "); ok {
			bytes, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return bytes / (1 << 20), err
		}
	}
	return 0, fmt.Errorf("read metrics of %s: no go_memstats_heap_alloc_bytes", p.Name)
}

// cpu returns the seconds of processor time that the column's servers have used so far.
func (c *column) cpu() (float64, error) {
	sum := 0.0
	for _, p := range c.servers {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
		if err != nil {
			return 0, fail("read processor time of "+p.Name, err)
		}
		// The second field is the name in parentheses, which may hold blanks; user and system time are
		// the 14th and 15th.
		fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
		for _, field := range fields[11:13] {
			ticks, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return 0, fail("read processor time of "+p.Name, err)
			}
			sum += ticks / clockTicks
		}
	}
	return sum, nil
}

// resident returns the resident set size in MiB.
func resident(p *controlplane.Process) (float64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		return 0, fail("read memory of "+p.Name, err)
	}
	for line := range strings.Lines(string(content)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("read memory of %s: no VmRSS", p.Name)
}

func lengthOf(list runtime.Object) int { return meta.LenList(list) }
