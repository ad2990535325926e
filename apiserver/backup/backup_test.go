// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// save returns a backup of a member that holds machines a, b and c and no longer the machine gone.
func save(t *testing.T) (content []byte, revision int64) {
	t.Helper()
	dir := newDir(t)
	client, stop := start(t, dir)
	defer stop()
	put(t, client, "a", "b", "gone", "c", "a")
	answer, err := client.Delete(t.Context(), machineKey+"gone")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Put(t.Context(), "compact_rev_key", "3"); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	m, err := Save(t.Context(), client, testPrefix, &file)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int64{"virtualmachines.kubevirt.io": 3}; !maps.Equal(m.Objects, want) || m.Revision != answer.Header.Revision+1 {
		t.Fatalf("manifest %+v, want %v at revision %d", m, want, answer.Header.Revision+1)
	}
	return file.Bytes(), m.Revision
}

func restorer(dir string) *Restore {
	return &Restore{DataDir: dir, Endpoint: "unix://" + filepath.Join(dir, "client.sock"), Member: testMember, Wait: time.Minute, Now: time.Now}
}

func TestARestoredMemberHoldsTheObjectsAtAHigherRevision(t *testing.T) {
	content, revision := save(t)
	dir := newDir(t)
	staged, order, err := restorer(dir).Run(t.Context(), bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if got := staged.Contents.String(); !strings.HasPrefix(got, "3 virtualmachines.kubevirt.io at revision ") {
		t.Errorf("restored %s", got)
	}
	for range 2 { // also after one more restart
		client, stop := start(t, dir)
		answer, err := client.Get(t.Context(), machineKey, clientv3.WithPrefix())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, kv := range answer.Kvs {
			names = append(names, strings.TrimPrefix(string(kv.Key), machineKey)+"="+string(kv.Value))
		}
		if got := strings.Join(names, ","); got != "a=value of a,b=value of b,c=value of c" {
			t.Errorf("restored %s", got)
		}
		if answer.Header.Revision < order.Revision || order.Revision < revision+leap {
			t.Errorf("revision %d after one of %d", answer.Header.Revision, revision)
		}
		// Clients that hold an old version are told so.
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		event := <-client.Watch(ctx, machineKey, clientv3.WithPrefix(), clientv3.WithRev(revision))
		if !errors.Is(event.Err(), rpctypes.ErrCompacted) {
			t.Errorf("watch from a version before the restore: %v, want compacted", event.Err())
		}
		cancel()
		put(t, client, "a")
		if _, err := client.Put(t.Context(), machineKey+"a", "value of a"); err != nil {
			t.Fatal(err)
		}
		stop()
	}
}

func TestTheRevisionNeverFallsWhateverIsRestored(t *testing.T) {
	content, _ := save(t)
	dir := newDir(t)
	var last int64
	for range 3 {
		staged, order, err := restorer(dir).Run(t.Context(), bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if order.Revision <= last || order.Revision <= staged.Contents.Revision {
			t.Errorf("revision %d after %d", order.Revision, last)
		}
		client, stop := start(t, dir)
		last = put(t, client, "x", "y", "z")
		stop()
	}
	// The data that was replaced last is kept, and no older one.
	aside, err := filepath.Glob(filepath.Join(dir, asidePrefix+"*", "member", "snap", "db"))
	if err != nil || len(aside) != 1 {
		t.Errorf("kept %v, want one database: %v", aside, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, stagePattern)); err != nil || len(left) != 0 {
		t.Errorf("left behind %v: %v", left, err)
	}
}

func TestNewRevision(t *testing.T) {
	const hour = 3600 * fastest
	for _, c := range []struct {
		name             string
		backup, replaced int64
		age              time.Duration
		want             int64
	}{
		{"backup of this moment", 100, 120, 0, 120 + leap},
		{"data lost after an hour", 100, 0, time.Hour, 100 + hour + leap},
		{"second restore of the same backup an hour later", 100, 0, 2 * time.Hour, 100 + 2*hour + leap},
		{"data that was itself restored", 100, 5 * leap, time.Hour, 6 * leap},
		{"clock that went back", 100, 120, -time.Hour, 120 + leap},
	} {
		if got := NewRevision(c.backup, c.replaced, c.age); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestADamagedBackupTouchesNothing(t *testing.T) {
	content, _ := save(t)
	line, body, _ := bytes.Cut(content, []byte("\n"))
	edit := func(change func(*Manifest)) []byte {
		m := &Manifest{}
		if err := json.Unmarshal(line, m); err != nil {
			t.Fatal(err)
		}
		change(m)
		var file bytes.Buffer
		if err := m.write(&file); err != nil {
			t.Fatal(err)
		}
		return append(file.Bytes(), body...)
	}
	flipped := bytes.Clone(content)
	flipped[len(flipped)/2] ^= 1
	for _, c := range []struct {
		name, want string
		content    []byte
	}{
		{"empty", "the file is empty", nil},
		{"something else", "not a backup of virt-apiserver", []byte("apiVersion: v1\nkind: List\n")},
		{"a bare snapshot", "not a backup of virt-apiserver", body},
		{"one long line", "not a backup of virt-apiserver", bytes.Repeat([]byte("x"), 1<<20)},
		{"a newer format", "use the release that made it", edit(func(m *Manifest) { m.Format = "virtplane.io/backup/v2" })},
		{"cut off in the middle", "cut off or damaged", content[:len(content)/2]},
		{"cut off at the last byte", "cut off or damaged", content[:len(content)-1]},
		{"cut off after the manifest", "cut off or damaged", content[:len(line)+1]},
		{"one bit wrong", "cut off or damaged", flipped},
		{"a manifest with more objects", "put together of two", edit(func(m *Manifest) { m.Objects["virtualmachines.kubevirt.io"]++ })},
		{"a manifest of a later revision", "put together of two", edit(func(m *Manifest) { m.Revision += 5 })},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			present := filepath.Join(dir, etcdDir, "present")
			if err := errors.Join(os.MkdirAll(filepath.Dir(present), 0o700), os.WriteFile(present, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			_, _, err := restorer(dir).Run(t.Context(), bytes.NewReader(c.content))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if left, err := filepath.Glob(filepath.Join(dir, "re*")); err != nil || len(left) != 0 {
				t.Errorf("left behind %v: %v", left, err)
			}
			if !exists(present) {
				t.Error("the present data is gone")
			}
		})
	}
}

func TestARunningServerIsNotReplacedUnasked(t *testing.T) {
	content, _ := save(t)
	dir := newDir(t)
	lock, err := TryLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	_, stop := start(t, dir)
	defer stop()
	_, _, err = restorer(dir).Run(t.Context(), bytes.NewReader(content))
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "--replace") {
		t.Errorf("error %v, want one that names --replace", err)
	}
}

func TestAnInterruptedReplacementIsFinished(t *testing.T) {
	content, _ := save(t)
	for _, c := range []struct {
		name  string
		crash func(t *testing.T, dir string, o *Order)
	}{
		{"before anything", func(*testing.T, string, *Order) {}},
		{"after the old data was put aside", func(t *testing.T, dir string, o *Order) {
			rename(t, filepath.Join(dir, etcdDir), filepath.Join(dir, o.Aside))
		}},
		{"after the new data was put in place", func(t *testing.T, dir string, o *Order) {
			rename(t, filepath.Join(dir, etcdDir), filepath.Join(dir, o.Aside))
			rename(t, filepath.Join(dir, o.Directory, etcdDir), filepath.Join(dir, etcdDir))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := newDir(t)
			client, stop := start(t, dir)
			put(t, client, "old")
			stop()
			staged, err := Stage(bytes.NewReader(content), dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := staged.Build(testMember, 2*leap); err != nil {
				t.Fatal(err)
			}
			order, err := staged.Place(dir, 2*leap, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			c.crash(t, dir, order)
			if done, err := Carry(dir); err != nil || done == nil || done.Revision != 2*leap {
				t.Fatalf("carried out %+v: %v", done, err)
			}
			if again, err := Carry(dir); err != nil || again != nil {
				t.Errorf("a second time: %+v: %v", again, err)
			}
			client, stop = start(t, dir)
			defer stop()
			for name, want := range map[string]int{"old": 0, "a": 1} {
				if answer, err := client.Get(t.Context(), machineKey+name); err != nil || len(answer.Kvs) != want {
					t.Errorf("%d of %s: %v", len(answer.Kvs), name, err)
				}
			}
			if !exists(filepath.Join(dir, order.Aside, "member", "snap", "db")) {
				t.Error("the replaced data is not kept")
			}
		})
	}
}

func TestAnUnreadableOrderIsNamed(t *testing.T) {
	dir := t.TempDir()
	for _, content := range []string{"", "{", `{"directory":"../x","aside":"y"}`} {
		if err := os.WriteFile(filepath.Join(dir, orderFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Carry(dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, orderFile)) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
