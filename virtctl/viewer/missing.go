// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package viewer

// MissingError tells that no viewer is installed.
type MissingError struct {
	// Kind is the sort that was asked for, empty for any.
	Kind string
	OS   string
}

// Error says what to install.
func (e *MissingError) Error() string {
	what := "no VNC viewer is installed"
	if e.Kind != "" {
		what = "the VNC viewer " + e.Kind + " is not installed"
	}
	switch e.OS {
	case "linux":
		return what + "; install remote-viewer (package virt-viewer) or TigerVNC (tigervnc-viewer, tigervnc)"
	case "darwin":
		return what + "; install TigerVNC (brew install --cask tigervnc-viewer) or RealVNC Viewer"
	case "windows":
		return what + "; install Virt Viewer or TigerVNC"
	}
	return what + "; install remote-viewer or TigerVNC"
}
