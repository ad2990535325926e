// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func isFrozen(a *Agent) bool {
	_, status := a.Status()
	return status != nil && status.Frozen
}

func TestAFrozenGuestIsThawedInTime(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		if err := a.Freeze(t.Context(), time.Minute); err != nil || !isFrozen(a) {
			t.Fatalf("frozen %v, %v", isFrozen(a), err)
		}
		pass(50 * time.Second)
		if err := a.Freeze(t.Context(), time.Minute); err != nil || f.count("guest-fsfreeze-freeze") != 1 {
			t.Fatalf("frozen %d times, %v", f.count("guest-fsfreeze-freeze"), err)
		}
		pass(50 * time.Second)
		synctest.Wait()
		if !isFrozen(a) {
			t.Error("the second order did not get its time")
		}
		pass(11 * time.Second)
		synctest.Wait()
		if isFrozen(a) || f.count("guest-fsfreeze-thaw") != 1 {
			t.Errorf("frozen %v, thawed %d times", isFrozen(a), f.count("guest-fsfreeze-thaw"))
		}
	})
}

func TestWithoutALimitAGuestStaysFrozen(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		if err := a.Freeze(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		asked := f.count("guest-network-get-interfaces")
		pass(24 * time.Hour)
		synctest.Wait()
		if !isFrozen(a) || f.count("guest-network-get-interfaces") != asked {
			t.Error("a frozen guest is thawed, or asked for what it does not answer")
		}
		if err := a.Thaw(t.Context()); err != nil || isFrozen(a) {
			t.Errorf("frozen %v, %v", isFrozen(a), err)
		}
		if err := a.Thaw(t.Context()); err != nil || f.count("guest-fsfreeze-thaw") != 1 {
			t.Errorf("thawed %d times, %v", f.count("guest-fsfreeze-thaw"), err)
		}
	})
}

// An agent that comes back after its time is up is still told to thaw.
func TestThawingIsTriedUntilItSucceeds(t *testing.T) {
	f := honest()
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		if err := a.Freeze(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		a.Observe(true, false) // paused
		pass(time.Minute)
		synctest.Wait()
		if f.count("guest-fsfreeze-thaw") != 0 {
			t.Error("a paused guest was asked")
		}
		a.Observe(true, true)
		pass(thawSlowest + thawTry)
		synctest.Wait()
		if isFrozen(a) {
			t.Error("the guest stays frozen")
		}
	})
}

// Whoever is told that a freeze failed does not thaw.
func TestAFreezeThatComesTooLateIsUndone(t *testing.T) {
	f := honest()
	freeze := f.replies["guest-fsfreeze-freeze"]
	f.replies["guest-fsfreeze-freeze"] = func() (string, error) { _, _ = freeze(); return hang, nil }
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		if err := a.Freeze(t.Context(), 0); !errors.Is(err, ErrSilent) {
			t.Fatalf("got %v", err)
		}
		pass(thawTry)
		synctest.Wait()
		if status, err := a.freezeStatus(t.Context()); status != "thawed" || isFrozen(a) {
			t.Errorf("the guest is %s, %v", status, err)
		}
	})
}

func TestAFreezeThatIsRefusedIsNotThawed(t *testing.T) {
	f := honest()
	delete(f.replies, "guest-fsfreeze-freeze")
	follow(t, f, func(t *testing.T, a *Agent, _ *int) {
		connect(a)
		err := a.Freeze(t.Context(), time.Minute)
		if err == nil || err.Error() != "freeze file systems: the guest agent refused guest-fsfreeze-freeze: "+
			"unable to execute QEMU agent command 'guest-fsfreeze-freeze': The command guest-fsfreeze-freeze has not been found" {
			t.Errorf("got %v", err)
		}
		pass(5 * time.Minute)
		synctest.Wait()
		if f.count("guest-fsfreeze-thaw") != 0 || isFrozen(a) {
			t.Error("thawed what was not frozen")
		}
	})
}

func TestOrders(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*fake, *Agent)
		calls  string
		fails  bool
	}{
		"obeys": {func(f *fake, _ *Agent) { f.set("guest-shutdown", hang) }, "ping shutdown", false},
		"frozen guests are thawed first": {func(f *fake, a *Agent) {
			f.set("guest-shutdown", hang)
			_ = a.Freeze(context.Background(), 0)
		}, "fsfreeze-status fsfreeze-freeze fsfreeze-status fsfreeze-thaw ping shutdown", false},
		"refuses": {func(*fake, *Agent) {}, "ping shutdown", true},
		"is gone": {func(f *fake, a *Agent) { a.Observe(false, true) }, "", true},
		"is dumb": {func(f *fake, _ *Agent) { f.silence() }, "ping", true},
		"mumbles": {func(f *fake, _ *Agent) { f.set("guest-ping", "{") }, "ping", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := honest()
			follow(t, f, func(t *testing.T, a *Agent, _ *int) {
				connect(a)
				f.mu.Lock()
				f.calls = nil
				f.mu.Unlock()
				tc.change(f, a)
				began := time.Now()
				err := a.PowerOff(t.Context())
				if (err != nil) != tc.fails || f.history() != tc.calls {
					t.Errorf("%v after %q, want %q", err, f.history(), tc.calls)
				}
				if took := time.Since(began); took > 2*quick {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}
