// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"image/png"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/virtplane/virtplane/test/e2e/suite"
)

// testVNC has two viewers share the screen through one local port, and a third one that comes alone.
func testVNC(n *suite.Namespace) {
	port := background(n, `^\{"port":(\d+)\}\n$`, "vnc", "demo", "--proxy-only")[1]
	var screens []*suite.Screen
	for range 2 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		suite.Need(n, err, "dial")
		n.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(suite.Boot))
		screen, err := suite.NewScreen(conn, false)
		suite.Need(n, err, "shake hands with the screen")
		screens = append(screens, screen)
	}
	for i, screen := range screens {
		if pixels, err := screen.Update(); err != nil || pixels < 640*350 {
			n.Errorf("viewer %d reads %d bytes of the screen: %v", i, pixels, err)
		}
	}
	n.VirtctlRefused("Active VNC connection. Request denied.", "vnc", "demo", "--proxy-only", "--preserve-session")
	alone := background(n, `^\{"port":(\d+)\}\n$`, "vnc", "demo", "--proxy-only", "--exclusive")[1]
	suite.Eventually(n, "the others are sent away", suite.Quick, func(context.Context) error {
		for i, screen := range screens {
			if _, err := screen.Update(); err == nil {
				return fmt.Errorf("viewer %d still sees the screen", i)
			}
		}
		return nil
	})
	conn, err := net.Dial("tcp", "127.0.0.1:"+alone)
	suite.Need(n, err, "dial")
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(suite.Boot))
	if _, err := suite.NewScreen(conn, false); err != nil {
		n.Errorf("the one that is alone: %v", err)
	}
}

// testViewer has virtctl find and start a program that shows the screen.
func testViewer(n *suite.Namespace) {
	dir := n.TempDir()
	viewer := filepath.Join(dir, "vncviewer")
	script := "#!/bin/bash\naddress=$1\nexec 3<> \"/dev/tcp/127.0.0.1/${address##*:}\"\nread -r -u 3 banner\necho \"$banner\" > " + dir + "/banner\n"
	suite.Need(n, os.WriteFile(viewer, []byte(script), 0o755), "write viewer")
	n.Virtctl("vnc", "demo", "--vnc-path="+viewer)
	if banner, err := os.ReadFile(dir + "/banner"); err != nil || string(banner) != "RFB 003.008\n" {
		n.Errorf("the viewer reads %q, %v", banner, err)
	}
}

// testVirtctlScreenshot saves pictures of the screen.
func testVirtctlScreenshot(n *suite.Namespace) {
	file := filepath.Join(n.TempDir(), "demo.png")
	n.Virtctl("vnc", "screenshot", "demo", "--file="+file)
	saved, err := os.ReadFile(file)
	suite.Need(n, err, "read picture")
	for name, content := range map[string]string{"file": string(saved), "output": n.Virtctl("vnc", "screenshot", "demo", "-m", "-f", "-")} {
		picture, err := png.Decode(strings.NewReader(content))
		if err != nil {
			n.Errorf("decode the picture in the %s: %v", name, err)
			continue
		}
		if size := picture.Bounds().Size(); size.X < 640 || size.Y < 350 {
			n.Errorf("the picture in the %s has %v pixels", name, size)
		}
	}
}
