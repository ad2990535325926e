// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"slices"
	"testing"
)

func TestOpener(t *testing.T) {
	for _, c := range []struct {
		system string
		env    map[string]string
		want   []string
		err    error
	}{
		{"darwin", nil, []string{"open"}, nil},
		{"windows", nil, []string{"rundll32", "url.dll,FileProtocolHandler"}, nil},
		{"linux", map[string]string{"DISPLAY": ":0"}, []string{"xdg-open"}, nil},
		{"linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, []string{"xdg-open"}, nil},
		{"linux", map[string]string{"BROWSER": "wslview"}, []string{"xdg-open"}, nil},
		{"linux", nil, nil, errNoDesktop},
	} {
		got, err := opener(c.system, func(name string) string { return c.env[name] })
		if !slices.Equal(got, c.want) || !errors.Is(err, c.err) {
			t.Errorf("%s %v: %q, %v", c.system, c.env, got, err)
		}
	}
}
