// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/virtplane/virtplane/launcher/guestinfo"
)

const (
	// maxOutput caps what is passed on of a command's output, in bytes.
	maxOutput = 4 << 10
	// execFirst and execSlowest bound the time between two looks whether a command has ended.
	execFirst   = 50 * time.Millisecond
	execSlowest = time.Second
)

// errNoEnd says that a command in the guest runs on.
var errNoEnd = errors.New("the command in the guest did not end in time")

// Exec runs a command in the guest and returns its exit code and what it wrote, the first bytes of both
// of its streams.
func (a *Agent) Exec(ctx context.Context, command []string) (code int, output string, err error) {
	if len(command) == 0 {
		return 0, "", errors.New("no command is given")
	}
	var started struct {
		PID int64 `json:"pid"`
	}
	arguments := map[string]any{"path": command[0], "arg": command[1:], "capture-output": true}
	if err := a.ask(ctx, "guest-exec", arguments, &started, quick); err != nil {
		return 0, "", err
	}
	for pause := execFirst; ; pause = min(2*pause, execSlowest) {
		var status struct {
			Exited bool   `json:"exited"`
			Code   int    `json:"exitcode"`
			Signal int    `json:"signal"`
			Out    string `json:"out-data"`
			Err    string `json:"err-data"`
		}
		err := a.ask(ctx, "guest-exec-status", map[string]int64{"pid": started.PID}, &status, quick)
		switch {
		case ctx.Err() != nil:
			return 0, "", errNoEnd
		case err != nil:
			return 0, "", err
		case status.Exited && status.Signal != 0:
			return 0, "", fmt.Errorf("the command in the guest was ended by signal %d", status.Signal)
		case status.Exited:
			return status.Code, printable(status.Out) + printable(status.Err), nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// printable returns the beginning of what is encoded, line by line without control characters.
func printable(encoded string) string {
	const four = maxOutput / 3 * 4
	raw, _ := base64.StdEncoding.DecodeString(encoded[:min(len(encoded), four)])
	lines := strings.Split(string(raw), "\n")
	for i := range lines {
		lines[i] = guestinfo.Text(lines[i], maxOutput)
	}
	return strings.Join(lines, "\n")
}
