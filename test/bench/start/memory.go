// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/bench/series"
)

const qemu = "qemu-system-x86"

// memory prints the memory of each process of an instance, alone and among others. It reads /proc
// and so has to run on the machine that runs the nodes.
func (o options) memory(ctx context.Context, c *cluster) error {
	for _, n := range []int{1, o.parallel} {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprintf("memory-%d-%d", n, i))
		}
		if _, err := c.startInstances(ctx, names, o.guest, nil); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.settle):
		}
		if err := c.printMemory(ctx, n); err != nil {
			return err
		}
		if _, err := c.endInstances(ctx, names); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) printMemory(ctx context.Context, n int) error {
	pods, err := c.core.CoreV1().Pods(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: v1.AppLabel + "=" + v1.AppLabelLauncher})
	if err != nil {
		return fail("list launcher pods", err)
	}
	byProcess := map[string]*series.Series{}
	var beside series.Series
	for _, pod := range pods.Items {
		processes, err := processesOf(string(pod.UID))
		if err != nil {
			return err
		}
		if len(processes) == 0 {
			fmt.Println("\nMemory: the nodes' processes are not on this machine; not measured")
			return nil
		}
		sum := 0.0
		for name, pss := range processes {
			if byProcess[name] == nil {
				byProcess[name] = &series.Series{}
			}
			byProcess[name].Add(pss)
			if name != qemu {
				sum += pss
			}
		}
		beside.Add(sum)
	}
	series.Title("Memory of an instance among %d (PSS, MiB)", n)
	series.Header()
	for _, name := range slices.Sorted(maps.Keys(byProcess)) {
		byProcess[name].Print(name)
	}
	beside.Print("everything beside QEMU")
	return nil
}

// processesOf returns the proportional set size in MiB of each process in a pod's cgroups, by name.
func processesOf(podUID string) (map[string]float64, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, fail("list processes", err)
	}
	found := map[string]float64{}
	for _, dir := range dirs {
		cgroup, err := os.ReadFile(filepath.Join(dir, "cgroup"))
		if err != nil || !strings.Contains(string(cgroup), "pod"+podUID) {
			continue // processes come and go
		}
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil {
			continue
		}
		pss, err := proportional(filepath.Join(dir, "smaps_rollup"))
		if err != nil {
			continue
		}
		found[strings.TrimSpace(string(name))] += pss
	}
	return found, nil
}

func proportional(path string) (float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("%s has no Pss line", path)
}
