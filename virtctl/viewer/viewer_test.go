// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package viewer

import (
	"errors"
	"net/netip"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// machine is a System with these files; those without a slash are in PATH.
func machine(os string, files ...string) System {
	return System{
		OS: os,
		LookPath: func(name string) (string, error) {
			if slices.Contains(files, name) {
				return name, nil
			}
			return "", exec.ErrNotFound
		},
		Glob: func(pattern string) ([]string, error) {
			var found []string
			for _, file := range files {
				// Backslashes are no escapes on the system that has them in paths.
				if ok, err := path.Match(strings.ReplaceAll(pattern, `\`, "/"), strings.ReplaceAll(file, `\`, "/")); err == nil && ok {
					found = append(found, file)
				}
			}
			return found, nil
		},
	}
}

var screen = Screen{Address: netip.MustParseAddrPort("127.0.0.1:5901")}

func TestFind(t *testing.T) {
	exclusive := screen
	exclusive.Exclusive = true
	verbose := Screen{Address: netip.MustParseAddrPort("[::1]:5901"), Verbose: true}
	for _, c := range []struct {
		name       string
		on         System
		kind, path string
		screen     Screen
		want       string
	}{
		{"the best of Linux", machine("linux", "vncviewer", "remote-viewer"), "", "", screen, "remote-viewer vnc://127.0.0.1:5901"},
		{"TigerVNC", machine("linux", "vncviewer"), "", "", screen, "vncviewer 127.0.0.1::5901 -Shared"},
		{"Debian's TigerVNC", machine("linux", "xtigervncviewer"), "", "", exclusive, "xtigervncviewer 127.0.0.1::5901"},
		{"IPv6, and what it does", machine("linux", "vncviewer"), "", "", verbose, "vncviewer [::1]::5901 -Shared -Log=*:stderr:100"},
		{"by kind", machine("linux", "vncviewer", "remote-viewer"), "tiger", "", screen, "vncviewer 127.0.0.1::5901 -Shared"},
		{"by path", machine("linux", "/opt/bin/vncviewer"), "", "/opt/bin/vncviewer", screen, "/opt/bin/vncviewer 127.0.0.1::5901 -Shared"},
		{"by path and kind", machine("linux", "/opt/rv"), "remote-viewer", "/opt/rv", screen, "/opt/rv vnc://127.0.0.1:5901"},
		{"by a path of nothing known", machine("linux", "/opt/own"), "", "/opt/own", screen, "/opt/own 127.0.0.1:5901"},
		{"the newest of a Mac", machine("darwin", "remote-viewer", "/Applications/TigerVNC Viewer 1.13.app/Contents/MacOS/TigerVNC Viewer", "/Applications/TigerVNC Viewer 1.14.app/Contents/MacOS/TigerVNC Viewer"),
			"", "", screen, "/Applications/TigerVNC Viewer 1.14.app/Contents/MacOS/TigerVNC Viewer 127.0.0.1::5901 -Shared"},
		{"RealVNC", machine("darwin", "/Applications/VNC Viewer.app/Contents/MacOS/vncviewer"), "", "", exclusive,
			"/Applications/VNC Viewer.app/Contents/MacOS/vncviewer 127.0.0.1:5901 -WarnUnencrypted=0 -ShareFiles=0 -Shared=0"},
		{"Chicken", machine("darwin", "/Applications/Chicken.app/Contents/MacOS/Chicken"), "chicken", "", screen, "/Applications/Chicken.app/Contents/MacOS/Chicken 127.0.0.1:5901"},
		{"Windows", machine("windows", `C:\Program Files\VirtViewer v11.0-256\bin\remote-viewer.exe`), "", "", screen,
			`C:\Program Files\VirtViewer v11.0-256\bin\remote-viewer.exe vnc://127.0.0.1:5901`},
		{"Windows by path", machine("windows", `D:\vncviewer.exe`), "", `D:\vncviewer.exe`, screen, `D:\vncviewer.exe 127.0.0.1::5901 -Shared`},
	} {
		call, err := c.on.Find(c.kind, c.path, c.screen)
		if got := strings.Join(append([]string{call.Path}, call.Args...), " "); err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestNothingIsInstalled(t *testing.T) {
	for os, want := range map[string]string{"linux": "virt-viewer", "darwin": "brew install", "windows": "Virt Viewer", "freebsd": "TigerVNC"} {
		_, err := machine(os).Find("", "", screen)
		var missing *MissingError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", os, err, want)
		}
	}
	if _, err := machine("linux", "remote-viewer").Find("tiger", "", screen); err == nil || !strings.Contains(err.Error(), "the VNC viewer tiger is not installed") {
		t.Errorf("another kind: %v", err)
	}
	if _, err := machine("linux", "remote-viewer").Find("", "/nowhere", screen); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("a path to nothing: %v", err)
	}
}
