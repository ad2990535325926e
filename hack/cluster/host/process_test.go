// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestParseStatSkipsACommandNameWithBracketsAndSpaces(t *testing.T) {
	state, start, err := parseStat("42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200")
	if err != nil || state != "S" || start != 98765 {
		t.Errorf("got state %q, start %d, error %v; want S, 98765", state, start, err)
	}
	if _, _, err := parseStat("42 (a) S 1"); err == nil {
		t.Error("a line without a start time was accepted")
	}
}

func TestKillEndsTheProcessThatWasIdentified(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	process, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if !process.Alive() {
		t.Error("a running process is reported as ended")
	}
	if err := process.Kill(5 * time.Second); err != nil {
		t.Error(err)
	}
	if process.Alive() {
		t.Error("a zombie is reported as alive")
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the process ended without the signal")
	}
}

func TestKillLeavesANewProcessWithTheSamePidAlone(t *testing.T) {
	self, err := Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	self.Start++
	if self.Alive() {
		t.Error("a process with another start time is taken for the recorded one")
	}
	// This would end the test itself if the start time were not looked at.
	if err := self.Kill(time.Second); err != nil {
		t.Error(err)
	}
}
