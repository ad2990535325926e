// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"time"

	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/launcher/session"
)

const (
	terminationLog = "/dev/termination-log"
	// maxTermination is what the kubelet reads of the termination log, in bytes.
	maxTermination = 4096
	// tellConnected and tellAbsent bound how long the final report is waited for: a plugin that is
	// connected takes it at once, one that restarts needs its time.
	tellConnected = 2 * time.Second
	tellAbsent    = 3 * time.Second
	// drainConsole bounds how long the last output of the serial port is waited for.
	drainConsole = 100 * time.Millisecond
	logTail      = 4096
)

// finish tells the final state to all who want to know it and returns the exit code.
func (l *launcher) finish(ctx context.Context, report session.Report) int {
	log := klog.FromContext(ctx)
	began := time.Now()
	l.publish(report)
	code := 0
	line := "the guest was stopped"
	if report.Reason == "GuestShutdown" {
		line = "the guest shut down"
	}
	if report.State == session.StateFailed {
		code, line = 1, report.Reason+": "+report.Message
	}
	writeTerminationLog(line)
	tell, cancel := context.WithTimeout(ctx, tellAbsent+tellConnected)
	defer cancel()
	told := l.session.Flush(tell, tellAbsent)
	if l.port != nil {
		select {
		case <-l.console:
		case <-time.After(drainConsole):
		}
	}
	log.Info("Guest ended", "state", report.State, "reason", report.Reason, "message", report.Message,
		"told", told, "tookMs", time.Since(began).Milliseconds())
	return code
}

// writeTerminationLog leaves the reason for the kubelet; outside of Kubernetes there is no such file.
func writeTerminationLog(line string) {
	f, err := os.OpenFile(terminationLog, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = io.WriteString(f, line[:min(len(line), maxTermination)])
}

// lastLine returns the last line that QEMU wrote to its log by itself.
func lastLine(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > logTail {
		_, _ = f.Seek(-logTail, io.SeekEnd)
	}
	tail, _ := io.ReadAll(io.LimitReader(f, logTail))
	lines := bytes.Split(tail, []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		if _, text, ok := strings.Cut(string(lines[i]), "qemu-system-x86_64: "); ok {
			return strings.TrimSpace(text)
		}
	}
	return ""
}
