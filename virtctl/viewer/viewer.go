// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package viewer finds the programs of a machine that show remote screens, and knows how each is called.
package viewer

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
)

// System is the machine that a viewer is looked for on.
type System struct {
	// OS is its name as in runtime.GOOS.
	OS string
	// LookPath finds a program, or tells that a path is one.
	LookPath func(name string) (string, error)
	// Glob returns the files that match a pattern.
	Glob func(pattern string) ([]string, error)
}

// Call is how a viewer is started.
type Call struct {
	Path string
	Args []string
}

// Screen is what a viewer shows.
type Screen struct {
	// Address is where the viewer connects.
	Address netip.AddrPort
	// Exclusive asks the server to let nobody else watch.
	Exclusive bool
	// Verbose has the viewer tell what it does.
	Verbose bool
}

// program is a viewer that we know how to call.
type program struct {
	// kind is its word on the command line.
	kind string
	// names are looked up in PATH; patterns are where an installer puts it, by operating system.
	names    []string
	patterns map[string][]string
	args     func(Screen) []string
}

// programs are in the order of preference.
var programs = []program{
	{kind: "remote-viewer", names: []string{"remote-viewer"}, args: remoteViewer,
		patterns: map[string][]string{"windows": {`C:\Program Files*\VirtViewer*\bin\remote-viewer.exe`}}},
	{kind: "tiger", names: []string{"vncviewer", "xtigervncviewer"}, args: tiger,
		patterns: map[string][]string{
			"windows": {`C:\Program Files*\TigerVNC\vncviewer.exe`},
			"darwin": {"/Applications/TigerVNC.app/Contents/MacOS/vncviewer",
				"/Applications/TigerVNC Viewer *.app/Contents/MacOS/TigerVNC Viewer"},
		}},
	{kind: "real", args: real,
		patterns: map[string][]string{
			"windows": {`C:\Program Files*\RealVNC\VNC Viewer\vncviewer.exe`},
			"darwin":  {"/Applications/VNC Viewer.app/Contents/MacOS/vncviewer", "/Applications/RealVNC Viewer.app/Contents/MacOS/vncviewer"},
		}},
	{kind: "chicken", args: chicken,
		patterns: map[string][]string{"darwin": {"/Applications/Chicken.app/Contents/MacOS/Chicken"}}},
}

// Kinds are the words for the viewers that are known.
func Kinds() []string {
	var kinds []string
	for _, p := range programs {
		kinds = append(kinds, p.kind)
	}
	return kinds
}

// Find returns how to show screen. kind restricts the search to one sort of viewer and path names its program; both
// may be empty. A program at path of no known sort is given the address alone.
func (s System) Find(kind, path string, screen Screen) (Call, error) {
	if kind != "" && !slices.Contains(Kinds(), kind) {
		return Call{}, fmt.Errorf("%q is no known viewer; use %s", kind, strings.Join(Kinds(), ", "))
	}
	if path != "" {
		found, err := s.LookPath(path)
		if err != nil {
			return Call{}, fmt.Errorf("find viewer: %w", err)
		}
		return Call{found, argsOf(kind, found)(screen)}, nil
	}
	for _, p := range s.order() {
		if kind != "" && p.kind != kind {
			continue
		}
		if found := s.installed(p); found != "" {
			return Call{found, p.args(screen)}, nil
		}
	}
	return Call{}, &MissingError{Kind: kind, OS: s.OS}
}

// order is that of preference. On a Mac remote-viewer comes last: it needs an X server there.
func (s System) order() []program {
	if s.OS == "darwin" {
		return append(slices.Clone(programs[1:]), programs[0])
	}
	return programs
}

func (s System) installed(p program) string {
	for _, pattern := range p.patterns[s.OS] {
		// A pattern of ours is no bad one, so nothing matches is all that it can say.
		if found, _ := s.Glob(pattern); len(found) > 0 {
			// The last one has the highest version in its name.
			return found[len(found)-1]
		}
	}
	for _, name := range p.names {
		if found, err := s.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

// argsOf returns how to call the program at path, of which kind may be known.
func argsOf(kind, path string) func(Screen) []string {
	name := strings.TrimSuffix(filepath.Base(strings.ReplaceAll(path, `\`, "/")), ".exe")
	for _, p := range programs {
		if p.kind == kind || kind == "" && slices.Contains(p.names, name) {
			return p.args
		}
	}
	return chicken
}

func remoteViewer(s Screen) []string {
	args := []string{"vnc://" + s.Address.String()}
	if s.Verbose {
		args = append(args, "--debug")
	}
	return args
}

// tiger names the port with two colons: one colon means a display number to some versions.
func tiger(s Screen) []string {
	args := []string{hostOf(s.Address) + "::" + portOf(s.Address)}
	if !s.Exclusive {
		// Otherwise this viewer asks the server to close all the others.
		args = append(args, "-Shared")
	}
	if s.Verbose {
		args = append(args, "-Log=*:stderr:100")
	}
	return args
}

func real(s Screen) []string {
	args := []string{s.Address.String(), "-WarnUnencrypted=0", "-ShareFiles=0", "-Shared=1"}
	if s.Exclusive {
		args[3] = "-Shared=0"
	}
	if s.Verbose {
		args = append(args, "-Log=*:stderr:100")
	}
	return args
}

func chicken(s Screen) []string { return []string{s.Address.String()} }

func hostOf(a netip.AddrPort) string {
	host := a.Addr().String()
	if a.Addr().Is6() {
		return "[" + host + "]"
	}
	return host
}

func portOf(a netip.AddrPort) string { return fmt.Sprint(a.Port()) }
