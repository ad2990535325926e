// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	// imports are what modules name, and references what pages do.
	imports    = regexp.MustCompile(`(?m)^(?:import|export)\s(?:[^'";]*?\sfrom\s+)?['"]([^'"\n]+)['"]`)
	references = regexp.MustCompile(`(?:src|href)="([^"]+)"`)
)

func TestPagesNeedNothingFromElsewhere(t *testing.T) {
	s := newSite(t, newCluster(t, nil), Options{View: Machines})
	seen := map[string]bool{}
	var follow func(string)
	follow = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		code, h, body := s.ask(t, "GET", name, "", stranger)
		if code != 200 {
			t.Errorf("%s: %d", name, code)
			return
		}
		kind := h.Get("Content-Type")
		var found [][]string
		switch {
		case strings.HasPrefix(kind, "text/html"):
			found = references.FindAllStringSubmatch(body, -1)
			if regexp.MustCompile(`<script[^>]*>[^<]|<style|\son\w+=|\sstyle=`).MatchString(body) {
				t.Errorf("%s has a script or a style in itself, which its policy forbids", name)
			}
		case strings.HasPrefix(kind, "text/javascript"):
			// The bundle of xterm.js has no modules to look for.
			if path.Ext(name) != ".mjs" {
				found = imports.FindAllStringSubmatch(body, -1)
			}
		case strings.HasPrefix(kind, "text/css"):
			if strings.Contains(body, "url(") || strings.Contains(body, "@import") {
				t.Errorf("%s needs more than itself", name)
			}
		case kind != "image/svg+xml":
			t.Errorf("%s is %q", name, kind)
		}
		for _, f := range found {
			switch target := f[1]; {
			case target == "/":
			case strings.HasPrefix(target, "/assets/"):
				follow(target)
			case strings.HasPrefix(target, "."):
				follow(path.Join(path.Dir(name), target))
			default:
				t.Errorf("%s needs %s", name, target)
			}
		}
	}
	for _, name := range []string{"/", "/vnc/lab/demo", "/console/lab/demo"} {
		follow(name)
	}
	for _, name := range []string{"/assets/npm/novnc/vendor/pako/lib/zlib/inflate.js", "/assets/npm/xterm/xterm.mjs", "/assets/page/js/card.js"} {
		if !seen[name] {
			t.Errorf("%s is needed by no page", name)
		}
	}
}

// TestOurPagesMakeNoMarkup is because all they show comes from guests and clusters.
func TestOurPagesMakeNoMarkup(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|https?://[a-z]`)
	err := fs.WalkDir(files, "page", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) == ".svg" {
			return err
		}
		content, err := files.ReadFile(name)
		if found := forbidden.Find(content); found != nil {
			t.Errorf("%s: %s", name, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
