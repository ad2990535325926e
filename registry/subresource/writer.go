// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package subresource

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Writer is who writes on behalf of a verb.
type Writer struct {
	// Manager owns the fields that the verb sets, so that whoever applied them before hears of it.
	Manager string
	// DryRun is All when nothing shall be stored.
	DryRun []string
}

// WriterOf returns who writes when a verb is called: the query parameter fieldManager, or else the
// first word of the user agent, as for a patch.
func WriterOf(req *http.Request, dryRun []string) (Writer, error) {
	manager := req.URL.Query().Get("fieldManager")
	if errs := validation.ValidateFieldManager(manager, field.NewPath("fieldManager")); len(errs) > 0 {
		return Writer{}, apierrors.NewBadRequest(fmt.Sprint(errs.ToAggregate()))
	}
	if manager == "" {
		manager = product(req.UserAgent())
	}
	return Writer{manager, dryRun}, nil
}

// product is the first word of a user agent, of what may be in the name of a field manager.
func product(agent string) string {
	name, _, _ := strings.Cut(agent, "/")
	var b strings.Builder
	for _, r := range name {
		if !unicode.IsPrint(r) {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > validation.FieldManagerMaxLength {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
