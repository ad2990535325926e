// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package rdp looks at remote desktops as a person would: the FreeRDP client draws on an X server without a display, and
// the test reads the picture. It needs the Debian packages freerdp2-x11 (or freerdp3-x11) and xvfb.
package rdp
