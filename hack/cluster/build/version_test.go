// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// repository is a git repository of its own.
type repository struct {
	t   *testing.T
	dir string
	now time.Time
}

func newRepository(t *testing.T) *repository {
	r := &repository{t: t, dir: t.TempDir(), now: time.Unix(1_700_000_000, 0)}
	r.git("init", "--quiet")
	return r
}

func (r *repository) git(args ...string) {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	date := r.now.Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

func (r *repository) write(file, content string) {
	r.t.Helper()
	path := filepath.Join(r.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) commit(file, content string) {
	r.t.Helper()
	r.now = r.now.Add(time.Hour)
	r.write(file, content)
	r.git("add", ".")
	r.git("commit", "--quiet", "--message=a change")
}

func (r *repository) version() version {
	r.t.Helper()
	v, err := versionOf(r.t.Context(), r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

func TestVersionsSortAsTheyWereMade(t *testing.T) {
	r := newRepository(t)
	expect := func(when, want string) {
		t.Helper()
		if got := r.version().name; got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	r.commit("go.mod", "module a")
	first := r.version()
	expect("before any tag", "v0.0.0-20231114231320-"+first.commit[:12])
	r.commit("docs/a.md", "a")
	if got := r.version(); got != first {
		t.Errorf("a change of the documents makes another program: %+v, want %+v", got, first)
	}
	r.write("go.mod", "module b")
	expect("with a change", "v0.0.0-20231114231320-"+first.commit[:12]+"+dirty")
	r.commit("go.mod", "module b")
	r.git("tag", "v0.3.9-rc.1")
	expect("at a candidate", "v0.3.9-rc.1")
	r.commit("go.mod", "module c")
	expect("after a candidate", "v0.3.9-rc.1.0.20231115021320-"+r.version().commit[:12])
	r.commit("docs/a.md", "b")
	r.git("tag", "v0.3.9")
	expect("at a tag of a change of the documents", "v0.3.9")
	r.commit("apis/a.go", "package a")
	expect("after a tag", "v0.3.10-0.20231115041320-"+r.version().commit[:12])
}

func TestProgramsAreToldTheirVersion(t *testing.T) {
	v := version{name: "v1.2.3", commit: "abc", date: time.Unix(1_700_000_000, 0).UTC(), dirty: true}
	const p = "-X github.com/virtplane/virtplane/apis/version."
	want := p + "gitVersion=v1.2.3 " + p + "gitCommit=abc " + p + "gitTreeState=dirty " + p + "buildDate=2023-11-14T22:13:20Z"
	if got := v.flags(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestATreeWithoutGitHasNoVersion(t *testing.T) {
	if v, err := versionOf(t.Context(), t.TempDir()); err == nil {
		t.Errorf("got %+v", v)
	}
}
