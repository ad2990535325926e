// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package scenario runs tests that are text: each block of a file holds a command, a line of four
// dashes and what the command must print. With -rewrite the files are written anew from what it
// prints, to be read and committed. Lines that begin with # are comments.
package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const divider = "----"

var rewrite = flag.Bool("rewrite", false, "write the scenario files anew from what the commands print")

// Handler performs a command in the scenario's world and returns what it prints.
type Handler func(t *testing.T, command []string) string

// Run runs each file that matches pattern against a world of its own.
func Run(t *testing.T, pattern string, newWorld func() Handler) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("find scenarios %s: %v, %d files", pattern, err, len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) {
			runFile(t, file, newWorld())
		})
	}
}

func runFile(t *testing.T, file string, handle Handler) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		head, want, found := cut(block)
		if !found && len(commandOf(head)) == 0 {
			out = append(out, head) // a comment of its own
			continue
		}
		got := strings.TrimRight(handle(t, commandOf(head)), "\n")
		if got != want && !*rewrite {
			t.Errorf("%s: %q\ngot:\n%s\nwant:\n%s", file, strings.Join(commandOf(head), " "), got, want)
		}
		out = append(out, strings.TrimRight(head+"\n"+divider+"\n"+got, "\n"))
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// cut divides a block into command and output.
func cut(block string) (head, output string, found bool) {
	lines := strings.Split(strings.Trim(block, "\n"), "\n")
	for i, line := range lines {
		if line == divider {
			return strings.Join(lines[:i], "\n"), strings.Join(lines[i+1:], "\n"), true
		}
	}
	return strings.Join(lines, "\n"), "", false
}

// commandOf returns the words of the command in a block's head; quotes keep words together.
func commandOf(head string) []string {
	for _, line := range strings.Split(head, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return words(line)
		}
	}
	return nil
}

func words(line string) []string {
	var out []string
	quoted := false
	for _, field := range strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	}) {
		out = append(out, strings.ReplaceAll(field, `"`, ""))
	}
	return out
}

// Golden compares got with the file's content, or writes it with -rewrite.
func Golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs; got:\n%s", file, got)
	}
}
