// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/virtplane/virtplane/test/bench/series"
)

// roundTrips is how often a byte goes there and back in one measurement of latency.
const roundTrips = 200

// way is one way to the servers.
type way struct {
	what string
	// stream and echo are the addresses of the servers.
	stream, echo   string
	rate, latency  series.Series
	forwarded, pod bool
}

// forward measures ports forwarded to the guest beside those that kubectl forwards to a plain pod, and both beside the
// direct way, so that what the guest's own network costs can be told from what the forwarding costs.
func (c *cluster) forward(ctx context.Context) error {
	ways := []*way{
		{what: "guest, direct", stream: at(c.guestIP, streamPort), echo: at(c.guestIP, echoPort)},
		{what: "guest, virtctl port-forward", forwarded: true},
		{what: "plain pod, direct", stream: at(c.podIP, streamPort), echo: at(c.podIP, echoPort), pod: true},
		{what: "plain pod, kubectl port-forward", forwarded: true, pod: true},
	}
	for _, w := range ways {
		if !w.forwarded {
			continue
		}
		program, object := "virtctl", "vmi/"+guestName
		if w.pod {
			program, object = "kubectl", "pod/"+podName
		}
		stop, err := c.startForwarding(ctx, program, object, w)
		if err != nil {
			return err
		}
		defer stop()
	}
	for range c.rounds {
		for _, w := range ways {
			rate, err := c.transfer(w.stream)
			if err != nil {
				return fail(w.what, err)
			}
			w.rate.Add(rate)
			took, err := echo(w.echo)
			if err != nil {
				return fail(w.what, err)
			}
			w.latency.Add(took...)
		}
	}
	series.Title("Port %d towards the client, %d MB, %d times (MB/s)", streamPort, c.forwardMB, c.rounds)
	series.Header()
	for _, w := range ways {
		w.rate.Print(w.what)
	}
	series.Title("A byte there and back (ms)")
	series.Header()
	for _, w := range ways {
		w.latency.Print(w.what)
	}
	fmt.Printf("%-46s %.2f and %.2f\n", "added by virtctl and by kubectl, medians", ways[1].latency.P50()-ways[0].latency.P50(), ways[3].latency.P50()-ways[2].latency.P50())
	return nil
}

func at(address string, port int) string { return net.JoinHostPort(address, strconv.Itoa(port)) }

// startForwarding runs a program that forwards both ports, and returns what ends it.
func (c *cluster) startForwarding(ctx context.Context, program, object string, w *way) (func(), error) {
	var ports []string
	for _, p := range []struct {
		target  int
		address *string
	}{{streamPort, &w.stream}, {echoPort, &w.echo}} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fail("find a free port", err)
		}
		*p.address = l.Addr().String()
		ports = append(ports, fmt.Sprintf("%d:%d", l.Addr().(*net.TCPAddr).Port, p.target))
		l.Close()
	}
	args := append([]string{"--kubeconfig", c.kubeconfig, "--namespace", c.namespace, "port-forward", object}, ports...)
	cmd := exec.CommandContext(ctx, filepath.Join(c.programs, program), args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fail("start "+program, err)
	}
	stop := func() {
		// It is killed, which is no news.
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	var last error
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) {
		_, last = echo(w.echo)
		return last == nil, nil
	}); err != nil {
		stop()
		return nil, fmt.Errorf("forward ports by %s: %w", program, last)
	}
	return stop, nil
}

// transfer reads from the server of zeros and returns MB/s.
func (c *cluster) transfer(address string) (float64, error) {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	begin := time.Now()
	if _, err := io.CopyN(io.Discard, conn, int64(c.forwardMB)*1000*1000); err != nil {
		return 0, fail("read", err)
	}
	return float64(c.forwardMB) / time.Since(begin).Seconds(), nil
}

// echo sends a byte again and again and returns how many milliseconds each took to come back.
func echo(address string) ([]float64, error) {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	var took []float64
	one := []byte{'x'}
	for range roundTrips {
		begin := time.Now()
		if _, err := conn.Write(one); err != nil {
			return nil, fail("write", err)
		}
		if _, err := io.ReadFull(conn, one); err != nil {
			return nil, fail("read", err)
		}
		took = append(took, milliseconds(time.Since(begin)))
	}
	return took, nil
}
