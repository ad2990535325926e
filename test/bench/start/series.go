// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"slices"
)

// series is a set of measured values.
type series struct{ values []float64 }

func (s *series) add(v ...float64) { s.values = append(s.values, v...) }

// rank returns the nearest-rank percentile, q in 0 to 1.
func (s *series) rank(q float64) float64 {
	if len(s.values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s.values))
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

func (s *series) p50() float64 { return s.rank(0.5) }

func (s *series) print(what string) {
	fmt.Printf("%-46s %8.2f %8.2f %8.2f %8.2f\n", what, s.rank(0), s.p50(), s.rank(0.95), s.rank(1))
}

func header() { fmt.Printf("%-46s %8s %8s %8s %8s\n", "", "min", "p50", "p95", "max") }

func title(format string, args ...any) { fmt.Printf("\n"+format+"\n", args...) }
