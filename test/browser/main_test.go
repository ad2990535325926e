// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package browser tests the pages that virtctl serves in a real Chromium, against a cluster that is made up here.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var (
	// virtctlPath is the program under test.
	virtctlPath string
	// chromium is the context of the one Chromium that all tests share, each with tabs of its own.
	chromium context.Context
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		code, err := run(m)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}())
}

func run(m *testing.M) (int, error) {
	program, err := exec.LookPath("chromium")
	if err != nil {
		return 0, fmt.Errorf("these tests need the program chromium: apt-get install chromium")
	}
	work, err := os.MkdirTemp("", "virtplane-browser-")
	if err != nil {
		return 0, fmt.Errorf("make directory: %w", err)
	}
	defer os.RemoveAll(work)
	virtctlPath = filepath.Join(work, "virtctl")
	build := exec.Command("go", "build", "-o", virtctlPath, "./cmd/virtctl")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build virtctl: %w\n%s", err, out)
	}

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.UserDataDir(filepath.Join(work, "profile")), chromedp.WindowSize(1280, 900))
	if os.Getuid() == 0 {
		// Chromium's own sandbox does not work for root.
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	var end context.CancelFunc
	chromium, end = chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Do(chromium); err != nil {
		return 0, fmt.Errorf("start %s: %w", program, err)
	}
	return m.Run(), nil
}
