// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package quantityguard refuses requests with quantities that take minutes of CPU to parse. The parser of quantities rounds
// up to 1n by a division, so it pays for what 1e-999999999 stands for and not for its text; it runs while objects are
// decoded, before any rule of validation. What is merely too large is for defaults and validation.
package quantityguard

import (
	"bytes"
	"io"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// firstBuffer is what a request gets before it has sent anything, in bytes; a claimed length costs a client nothing.
const firstBuffer = 8 << 10

// Guard looks at the bodies of writes before they are decoded.
type Guard struct {
	next        http.Handler
	limit       int64
	longRunning apirequest.LongRunningRequestCheck
	codecs      runtime.NegotiatedSerializer
}

// New returns a guard before next, which refuses bodies of more than limit bytes itself; 0 is no limit. Streams are handed on.
func New(next http.Handler, limit int64, longRunning apirequest.LongRunningRequestCheck, codecs runtime.NegotiatedSerializer) *Guard {
	return &Guard{next: next, limit: limit, longRunning: longRunning, codecs: codecs}
}

// ServeHTTP answers a bad quantity with 400.
func (g *Guard) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	info, _ := apirequest.RequestInfoFrom(req.Context())
	if !g.looksAt(req, info) {
		g.next.ServeHTTP(w, req)
		return
	}
	body, complete := g.read(req)
	if complete {
		if err := check(body, kindOf(req, info)); err != nil {
			responsewriters.ErrorNegotiated(err, g.codecs, schema.GroupVersion{Version: "v1"}, w, req)
			return
		}
	}
	g.next.ServeHTTP(w, req)
}

func (g *Guard) looksAt(req *http.Request, info *apirequest.RequestInfo) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return false
	}
	switch req.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return info == nil || g.longRunning == nil || !g.longRunning(req, info)
	}
	return false
}

// read returns the body and puts it back. What is too long or breaks off is the next handler's to answer, which never
// decodes it.
func (g *Guard) read(req *http.Request) ([]byte, bool) {
	var source io.Reader = req.Body
	if g.limit > 0 {
		source = io.LimitReader(req.Body, g.limit+1)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, min(max(req.ContentLength, 0), firstBuffer)+bytes.MinRead))
	_, err := buffer.ReadFrom(source)
	body := buffer.Bytes()
	req.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), req.Body), req.Body}
	return body, err == nil && (g.limit <= 0 || int64(len(body)) <= g.limit)
}

// kind is how a body may be read.
type kind int

const (
	loose kind = iota // JSON or YAML
	strictJSON
	jsonPatch
)

// kindOf does not trust the content type of verbs and raw routes, which read YAML whatever it says.
func kindOf(req *http.Request, info *apirequest.RequestInfo) kind {
	if info == nil || !info.IsResourceRequest || info.Resource == "expand-vm-spec" || info.Subresource != "" && info.Subresource != "status" {
		return loose
	}
	media, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "application/json-patch+json":
		return jsonPatch
	case "application/json", "application/merge-patch+json", "application/strategic-merge-patch+json":
		return strictJSON
	}
	return loose
}

// protobufPrefix is what the decoder of protobuf wants.
var protobufPrefix = []byte("k8s\x00")

func check(body []byte, k kind) error {
	if bytes.HasPrefix(body, protobufPrefix) {
		if !suspicious(body) {
			return nil
		}
		return checkWire(body[len(protobufPrefix):], maxNesting)
	}
	if k == jsonPatch {
		if err := checkCopies(body); err != nil {
			return err
		}
	}
	if suspicious(body) || bytes.Contains(body, jsonEscape) || k == loose && mayHide(body) {
		return checkText(body, k == loose)
	}
	return nil
}
