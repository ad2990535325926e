// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestRatiosAboveOneMeanBetter(t *testing.T) {
	ours := &column{name: "virtplane, protobuf", values: map[string]series{}}
	crd := &column{name: "CRD, JSON", values: map[string]series{}}
	ours.add("create, 8 clients", 400, 300, 200)
	crd.add("create, 8 clients", 100)
	ours.add("LIST all, consistent", 10, 20, 30)
	crd.add("LIST all, consistent", 60)
	b := &bench{options: options{objects: 10, watchers: 3}, columns: []*column{ours, crd}}
	var out strings.Builder
	if err := b.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| 10 objects | virtplane, protobuf | CRD, JSON | protobuf : CRD |\n|---|---:|---:|---:|\n",
		"| create, 8 clients, /s | 300 | 100 | 3.00 |\n",
		"| LIST all, consistent, p50 / p99 ms | 20.0 / 30.0 | 60.0 / 60.0 | 3.00 |\n",
		"| GET, 8 clients, /s |  |  |  |\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table\n%s\nhas no line\n%s", out.String(), want)
		}
	}
}
