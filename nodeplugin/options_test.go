// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestOptionsTellAllProblemsAtOnce checks that each names its flag.
func TestOptionsTellAllProblemsAtOnce(t *testing.T) {
	options := NewOptions()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	options.AddFlags(flags)
	err := flags.Parse([]string{
		"--node-name=", "--namespace=", "--pod-ip=x", "--kubelet-dir=kubelet", "--host-dev=dev", "--cdi-dir=cdi", "--stream-port=0", "--health-port=70000", "-v=2",
		"--console-log-size=1000", "--ended-console-logs-size=-1", "--ended-console-logs-age=-1s",
	})
	if err != nil {
		t.Fatal(err)
	}
	problems := options.Validate()
	for i, flag := range []string{"--node-name", "--namespace", "--pod-ip", "--kubelet-dir", "--host-dev", "--cdi-dir", "--stream-port", "--health-port",
		"--console-log-size", "--ended-console-logs-size", "--ended-console-logs-age"} {
		if i >= len(problems) || !strings.HasPrefix(problems[i].Error(), flag) {
			t.Fatalf("no problem with %s in %v", flag, problems)
		}
	}
	good := []string{"--node-name=n", "--namespace=ns", "--pod-ip=fd00::1", "--kubelet-dir=/k", "--host-dev=/dev", "--cdi-dir=", "--stream-port=1", "--health-port=2",
		"--console-log-size=1000000", "--ended-console-logs-size=0", "--ended-console-logs-age=1h"}
	if err := flags.Parse(good); err != nil {
		t.Fatal(err)
	}
	if problems := options.Validate(); len(problems) > 0 {
		t.Fatalf("got %v", problems)
	}
}
