// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

func newScheduler(t *testing.T, schedule Schedule) *Scheduler {
	t.Helper()
	dir := newDir(t)
	client, stop := start(t, dir)
	t.Cleanup(stop)
	put(t, client, "a", "b")
	return NewScheduler(schedule, client, embeddedetcd.Endpoint(dir), testPrefix)
}

func TestScheduledBackupsAreWholeAndTheOldestGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "backups")
	s := newScheduler(t, Schedule{Dir: dir, Interval: time.Hour, Keep: 2})
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 4 {
		if wait, err := s.save(t.Context(), now.Add(time.Duration(i)*time.Hour)); err != nil || wait != time.Hour {
			t.Fatalf("the next one in %s: %v", wait, err)
		}
	}
	other := filepath.Join(dir, "virtplane-notes.backup")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := s.files()
	if err != nil || len(files) != 2 || filepath.Base(files[0]) != "virtplane-20300102T050405Z.backup" || filepath.Base(files[1]) != "virtplane-20300102T060405Z.backup" {
		t.Fatalf("kept %v: %v", files, err)
	}
	file, err := os.Open(files[1])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, contents, err := Verify(file); err != nil || contents.Objects["virtualmachines.kubevirt.io"] != 2 {
		t.Errorf("the backup holds %v: %v", contents, err)
	}
	for at, want := range map[time.Duration]time.Duration{
		3 * time.Hour: time.Hour, 4 * time.Hour: 0, 5 * time.Hour: -time.Hour, -48 * time.Hour: time.Hour,
	} {
		if wait, err := s.due(now.Add(at)); err != nil || wait != want {
			t.Errorf("%s later the next backup is due in %s, want %s: %v", at, wait, want, err)
		}
	}
}

func TestAFailedBackupIsTold(t *testing.T) {
	// A file where the directory should be stops also who may do all.
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newScheduler(t, Schedule{Dir: dir, Interval: time.Hour, Keep: 2})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	told := func(context.Context) (bool, error) { return s.Check(nil) != nil, nil }
	if err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, 30*time.Second, true, told); err != nil {
		t.Fatalf("no problem is told: %v", err)
	}
	if problem := fmt.Sprint(s.Check(nil)); !strings.Contains(problem, "the scheduled backup to "+dir+" failed") {
		t.Errorf("told %s", problem)
	}
	stop()
	<-done
}
