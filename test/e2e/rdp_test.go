// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/color"
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
	"github.com/virtplane/virtplane/test/rdp"
)

// desktopStart is how long an emulated guest may take to start an X server and draw.
const desktopStart = 2 * time.Minute

// painted is a colour that nothing on a desktop has by itself.
var painted = color.RGBA{0xc8, 0x1e, 0x96, 0xff}

// testRDP logs in to the desktop with FreeRDP through virtctl, and sees what the guest draws.
func testRDP(n *suite.Namespace, key string) {
	address := rdpProxy(n)
	screen := rdp.NewScreen(n, 800, 600)
	began := time.Now()
	screen.Connect(address, debianName, suite.Password)
	// The client also shows xrdp's own windows while the session starts, or does not: only the guest knows.
	suite.Eventually(n, "the guest has an X server", desktopStart, func(context.Context) error {
		if o := n.Try("", "virtctl", append([]string{"ssh", debianName + "@vm/" + debianName, "--command=test -S /tmp/.X11-unix/X10"}, sshFlags(n, key)...)...); o.Code != 0 {
			return fmt.Errorf("exit code %d: %s", o.Code, o.Stderr)
		}
		return nil
	})
	screen.AwaitShades(4, suite.Boot)
	suite.Measured(n, "virtctl rdp, from connect to a desktop", time.Since(began))

	// What the guest paints shows at the client.
	guestShell(n, key, `DISPLAY=:10 setsid -f xterm -bg '#c81e96' -fg '#c81e96' -cr '#c81e96' -geometry 200x80+0+0 -e sleep 600 </dev/null >/dev/null 2>&1`)
	took := screen.AwaitColour(painted, 0.7, suite.Boot)
	n.Logf("the guest's picture was at the client %s after it was asked for", took.Round(time.Millisecond))
}

// testRDPRefused takes away what a desktop needs, and reads what virtctl says then.
func testRDPRefused(n *suite.Namespace, key string) {
	guestShell(n, key, "sudo systemctl stop xrdp xrdp-sesman")
	n.VirtctlRefused("install xrdp on Linux", "rdp", "vm/"+debianName, "--proxy-only")
	guestShell(n, key, "sudo systemctl stop qemu-guest-agent")
	n.AwaitVMI(debianName, "without the agent", suite.Boot, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && !vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected)
	})
	n.VirtctlRefused("the guest agent is not connected", "rdp", "vm/"+debianName, "--proxy-only")
}

// rdpProxy has virtctl listen for clients until the test ends, and returns the address.
func rdpProxy(n *suite.Namespace) string {
	n.Helper()
	var address string
	// The agent may be connected before the desktop's server listens, which virtctl tells and ends.
	suite.Eventually(n, "the guest listens for RDP", desktopStart, func(context.Context) error {
		ctx, cancel := context.WithCancel(context.Background())
		cmd := n.Command(ctx, "virtctl", "rdp", "vm/"+debianName, "--proxy-only")
		var said bytes.Buffer
		cmd.Stderr = &said
		output, err := cmd.StdoutPipe()
		suite.Need(n, err, "make pipe")
		suite.Need(n, cmd.Start(), "start virtctl rdp")
		end := func() {
			cancel()
			// It was killed, which is no news.
			_ = cmd.Wait()
		}
		var listens struct{ Port int }
		line, err := bufio.NewReader(output).ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &listens)
		}
		if err != nil || listens.Port == 0 {
			end()
			return fmt.Errorf("virtctl rdp prints %q: %v: %s", line, err, said.String())
		}
		n.Cleanup(end)
		address = fmt.Sprintf("127.0.0.1:%d", listens.Port)
		return nil
	})
	return address
}
