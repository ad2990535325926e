// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"embed"
	"net/http"
	"path"
	"strings"
)

// files are our pages, and what they use of others: npm/README.md tells of whom.
//
//go:embed page npm
var files embed.FS

// types are of every kind of file served. The registry of the machine is not asked, for it may say anything.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".mjs":  "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// serveAsset serves what is below /assets/.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/assets/")
	// noVNC looks for it in a folder whose name the go command has a use of its own for.
	name = strings.Replace(name, "npm/novnc/vendor/pako/", "npm/novnc/pako/", 1)
	serveFile(w, r, name)
}

// page serves one of our pages.
func page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, "page/"+name) }
}

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	kind := types[path.Ext(name)]
	content, err := files.ReadFile(name)
	if err != nil || kind == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(content)
}
