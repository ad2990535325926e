// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package browser

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// served is a virtctl that serves a page.
type served struct {
	link string
	cmd  *exec.Cmd
	done chan error
	// mu guards out.
	mu  sync.Mutex
	out bytes.Buffer
}

var linkPattern = regexp.MustCompile(`http://127\.0\.0\.1:\d+/\S*#[0-9a-f]{64}`)

// start starts virtctl and returns when it has printed its link.
func start(t *testing.T, c *cluster, args ...string) *served {
	t.Helper()
	return startWith(t, c.kubeconfig(t), args...)
}

// startWith is start for any cluster.
func startWith(t *testing.T, kubeconfig string, args ...string) *served {
	t.Helper()
	s := &served{done: make(chan error, 1)}
	s.cmd = exec.Command(virtctlPath, append([]string{"--kubeconfig", kubeconfig}, args...)...)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	links := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			s.mu.Lock()
			s.out.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if link := linkPattern.FindString(lines.Text()); link != "" {
				links <- link
			}
		}
		s.done <- s.cmd.Wait()
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.done
	})
	select {
	case s.link = <-links:
	case err := <-s.done:
		s.done <- err
		t.Fatalf("virtctl ended: %v\n%s", err, s.said())
	case <-time.After(patience):
		t.Fatalf("virtctl prints no link:\n%s", s.said())
	}
	return s
}

func (s *served) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// interrupt is Ctrl-C; it returns how virtctl ended.
func (s *served) interrupt(t *testing.T) error {
	t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.done:
		s.done <- err
		return err
	case <-time.After(patience):
		t.Fatal("virtctl does not end")
		return nil
	}
}

// site is the address without path and secret.
func (s *served) site() string {
	parts := strings.SplitN(s.link, "/", 4)
	return strings.Join(parts[:3], "/")
}
