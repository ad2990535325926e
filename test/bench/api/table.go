// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// row is a line of the table.
type row struct {
	title string
	// key names the values.
	key string
	// quantile picks one of them; a second one, if any, is shown behind it.
	quantile, second float64
	// more tells that a larger value is better.
	more bool
}

// rows are in the order in which they are printed. Rates, sizes and processor times have one value per
// round, of which the median is shown; latencies are pooled.
func (b *bench) rows() []row {
	const median, tail = 0.5, 0.99
	rate := func(what string) []row {
		return []row{{title: what + ", /s", key: what, quantile: median, more: true},
			{title: what + ", p50 / p99 ms", key: what + ": latency", quantile: median, second: tail}}
	}
	latency := func(what string) []row {
		return []row{{title: what + ", p50 / p99 ms", key: what, quantile: median, second: tail}}
	}
	single := func(title, key string) []row { return []row{{title: title, key: key, quantile: median}} }
	var all []row
	for _, group := range [][]row{
		rate(fmt.Sprintf("create, %d clients", few)), rate(fmt.Sprintf("create, %d clients", many)), rate("GET, 8 clients"),
		latency("LIST all, consistent"), latency("LIST all, consistent, not decoded"), latency("LIST all, from cache"),
		latency("LIST namespace, consistent"), latency("LIST namespace, from cache"), single("LIST all, MB", "LIST all, MB"),
		{{title: fmt.Sprintf("watch, %d watchers, events/s", b.watchers), key: "watch events", quantile: median, more: true}},
		latency("watch delay"),
		rate("status patch, 8 clients"), rate("metadata patch, 8 clients"),
		{{title: "deletecollection, objects/s", key: "deletecollection", quantile: median, more: true}},
		single("bytes in etcd per object", "bytes in etcd"),
	} {
		all = append(all, group...)
	}
	for _, step := range []string{"create", "get", "list", "watch", "patch", "delete"} {
		all = append(all, single(fmt.Sprintf("servers' CPU seconds: %s", step), "server CPU: "+step)...)
	}
	for _, p := range []string{"kube-apiserver", "etcd", "virt-apiserver"} {
		all = append(all, single("RSS with all objects, MiB: "+p, "RSS, MiB: "+p)...)
	}
	all = append(all, single("RSS with all objects, MiB: all servers", "RSS, MiB")...)
	return append(all, single("live heap with all objects, MiB: kube-apiserver and virt-apiserver", "live heap, MiB")...)
}

// ratios are the comparisons that are printed: the first column of each pair against the second.
var ratios = []struct{ title, ours, other string }{
	{"protobuf : CRD", "virtplane, protobuf", "CRD, JSON"},
	{"JSON : CRD", "virtplane, JSON", "CRD, JSON"},
	{"protobuf : ConfigMaps", "virtplane, protobuf", "ConfigMaps, protobuf"},
}

// print writes the table in Markdown. A ratio above 1 means that virtplane is so many times better.
func (b *bench) print(w io.Writer) error {
	columns := map[string]*column{}
	head := []string{fmt.Sprintf("%d objects", b.objects)}
	for _, c := range b.columns {
		columns[c.name] = c
		head = append(head, c.name)
	}
	for _, r := range ratios {
		if columns[r.ours] != nil && columns[r.other] != nil {
			head = append(head, r.title)
		}
	}
	lines := [][]string{head}
	for _, r := range b.rows() {
		line := []string{r.title}
		for _, c := range b.columns {
			line = append(line, r.show(c))
		}
		for _, pair := range ratios {
			if ours, other := columns[pair.ours], columns[pair.other]; ours != nil && other != nil {
				line = append(line, r.ratio(ours, other))
			}
		}
		lines = append(lines, line)
	}
	for i, line := range lines {
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(line, " | ")); err != nil {
			return err
		}
		if i == 0 {
			if _, err := fmt.Fprintf(w, "|---%s|\n", strings.Repeat("|---:", len(line)-1)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r row) show(c *column) string {
	text := short(c.values[r.key].rank(r.quantile))
	if r.second != 0 && len(c.values[r.key]) > 0 {
		text += " / " + short(c.values[r.key].rank(r.second))
	}
	return text
}

func (r row) ratio(ours, other *column) string {
	a, b := ours.values[r.key].rank(r.quantile), other.values[r.key].rank(r.quantile)
	if r.more {
		a, b = b, a
	}
	return short(b / a)
}

// short writes a number with as many digits as mean something; nothing for no number.
func short(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
