// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// versionPackage holds the variables that tell a program its version.
const versionPackage = "github.com/virtplane/virtplane/apis/version"

// sources is what goes into the programs. A commit that changes nothing of it gives the same programs, and so the same images.
var sources = []string{"go.mod", "go.sum", "apis", "apiserver", "client", "cmd", "controller", "device-plugins", "launcher", "nodeplugin", "registry", "virtctl"}

// version is where a program comes from.
type version struct {
	// name is a semantic version: that of the tag, or one that sorts between tags by time, as Go names commits of modules.
	name string
	// commit is the last one that changed the program, made at date.
	commit string
	date   time.Time
	dirty  bool
}

// versionOf asks git about the tree in dir.
func versionOf(ctx context.Context, dir string) (version, error) {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
		if err != nil {
			return "", fmt.Errorf("git %s: %w", args[0], err)
		}
		return strings.TrimSpace(string(out)), nil
	}
	last, err := git(append([]string{"log", "-1", "--format=%H %ct", "--"}, sources...)...)
	if err != nil {
		return version{}, err
	}
	commit, seconds, _ := strings.Cut(last, " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return version{}, fmt.Errorf("git log tells no commit of the sources: %q", last)
	}
	changes, err := git(append([]string{"status", "--porcelain", "--"}, sources...)...)
	if err != nil {
		return version{}, err
	}
	v := version{commit: commit, date: time.Unix(at, 0).UTC(), dirty: changes != ""}
	if tag, err := git("describe", "--tags", "--exact-match", "--match=v[0-9]*", "HEAD"); err == nil {
		v.name = tag
	} else {
		tag, _ := git("describe", "--tags", "--abbrev=0", "--match=v[0-9]*", commit) // there may be none
		v.name = fmt.Sprintf("%s%s-%s", after(tag), v.date.Format("20060102150405"), commit[:12])
	}
	if v.dirty {
		v.name += "+dirty"
	}
	return v, nil
}

// after returns how versions begin that come after a tag and before the next one.
func after(tag string) string {
	if tag == "" {
		return "v0.0.0-"
	}
	if strings.Contains(tag, "-") {
		return tag + ".0." // the next one is the release, or a later candidate for it
	}
	head, patch, _ := cutLast(tag, ".")
	n, err := strconv.Atoi(patch)
	if err != nil {
		return "v0.0.0-"
	}
	return fmt.Sprintf("%s.%d-0.", head, n+1)
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// flags are the linker's flags that tell a program the version.
func (v version) flags() string {
	state := "clean"
	if v.dirty {
		state = "dirty"
	}
	var out []string
	for _, variable := range []struct{ name, value string }{
		{"gitVersion", v.name}, {"gitCommit", v.commit}, {"gitTreeState", state}, {"buildDate", v.date.Format(time.RFC3339)},
	} {
		out = append(out, fmt.Sprintf("-X %s.%s=%s", versionPackage, variable.name, variable.value))
	}
	return strings.Join(out, " ")
}
