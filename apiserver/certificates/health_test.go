// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
)

// TestWhatCannotBeRenewedIsToldInTime lets years pass in which the Secret cannot be written, and looks what is told.
func TestWhatCannotBeRenewedIsToldInTime(t *testing.T) {
	mt := newManagerTest(t, apiService(APIServices[0]), apiService(APIServices[1]))
	if _, err := mt.Member("virt-apiserver-0", "zero.example.svc", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("no right to write secrets")
	mt.kube.PrependReactor("update", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, refused })
	for _, c := range []struct {
		name string
		day  int
		// renew lets the process keep up.
		renew bool
		want  []string
	}{
		{"new", 0, true, nil},
		{"due for renewal", 61, false, nil},
		{"not renewed", 70, false, []string{"the serving certificate ends on 2030-04-01 and was not renewed", "certificate towards node plugins ends", "certificate of the etcd member ends"}},
		{"ended", 91, false, []string{"the serving certificate has ended on 2030-04-01"}},
		{"renewed", 91, true, nil},
		{"the CA is due for a successor", 3286, true, nil},
		{"the CA should have one", 3293, true, []string{"the CA in secret virtplane-ca ends on 2039-12-30 and has no successor yet", "no right to write secrets"}},
	} {
		mt.clock.SetTime(epoch.Add(time.Duration(c.day) * day))
		if c.renew {
			_ = mt.reconcile(context.Background())
			mt.renewDue(context.Background())
		}
		err := mt.Check(nil)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", c.name, err, want)
			}
		}
	}
}

// TestAClockThatJumpsBack holds that certificates from the future are replaced, and that somebody is told meanwhile.
func TestAClockThatJumpsBack(t *testing.T) {
	mt := newManagerTest(t)
	mt.clock.SetTime(epoch.Add(300 * day))
	mt.renewDue(context.Background())
	mt.clock.SetTime(epoch.Add(10 * day))
	if err := mt.Check(nil); err == nil || !strings.Contains(err.Error(), "is the clock of this node right?") {
		t.Errorf("told %v", err)
	}
	mt.renewDue(context.Background())
	if err := mt.Check(nil); err != nil {
		t.Errorf("after the renewal: %v", err)
	}
	// Before the CA itself nothing can be done but to tell.
	mt.clock.SetTime(epoch.Add(-10 * day))
	mt.renewDue(context.Background())
	if err := mt.Check(nil); err == nil || !strings.Contains(err.Error(), "the CA in secret virtplane-ca is valid from") {
		t.Errorf("told %v", err)
	}
}
