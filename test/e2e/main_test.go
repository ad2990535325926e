// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// guestsAtOnce is how many tests run side by side. Emulated guests boot in turns beyond that, and time out.
const guestsAtOnce = "3"

var cluster *suite.Suite

func TestMain(m *testing.M) {
	// Broken watches are tried again, without a word: tests break them.
	klog.InitFlags(nil)
	_ = flag.Set("logtostderr", "false")
	_ = flag.Set("stderrthreshold", "FATAL")
	_ = flag.Set("test.parallel", guestsAtOnce)
	flag.Parse()
	var err error
	if cluster, err = suite.Open(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	code := m.Run()
	suite.PrintMeasured(os.Stdout)
	os.Exit(code)
}
