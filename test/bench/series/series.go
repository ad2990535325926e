// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package series holds measured values and prints them as the benchmarks do.
package series

import (
	"fmt"
	"math"
	"slices"
)

// Series is a set of measured values.
type Series struct{ values []float64 }

// Add adds values.
func (s *Series) Add(v ...float64) { s.values = append(s.values, v...) }

// Rank returns the nearest-rank percentile, q in 0 to 1.
func (s *Series) Rank(q float64) float64 {
	if len(s.values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s.values))
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

// P50 returns the median.
func (s *Series) P50() float64 { return s.Rank(0.5) }

// Print writes a line of a table.
func (s *Series) Print(what string) {
	fmt.Printf("%-46s %8.2f %8.2f %8.2f %8.2f\n", what, s.Rank(0), s.P50(), s.Rank(0.95), s.Rank(1))
}

// Header writes the head of a table.
func Header() { fmt.Printf("%-46s %8s %8s %8s %8s\n", "", "min", "p50", "p95", "max") }

// Title writes what a table is about.
func Title(format string, args ...any) { fmt.Printf("\n"+format+"\n", args...) }
