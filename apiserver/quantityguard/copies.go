// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package quantityguard

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// checkCopies refuses a JSON patch that takes a value out of an object's metadata: names and field managers come with
// requests' addresses too, so one of them may be a costly quantity. All else that is stored came in a body.
func checkCopies(body []byte) error {
	if !bytes.Contains(body, []byte("copy")) && !bytes.Contains(body, []byte("move")) && !bytes.Contains(body, jsonEscape) {
		return nil
	}
	var operations []map[string]json.RawMessage
	if json.Unmarshal(body, &operations) != nil {
		return nil
	}
	for _, o := range operations {
		if op := text(o["op"]); op != "copy" && op != "move" {
			continue
		}
		from, to := strings.Split(text(o["from"]), "/"), strings.Split(text(o["path"]), "/")
		if slices.Contains(from, "metadata") && (len(to) < 2 || to[1] != "metadata") {
			return apierrors.NewBadRequest("from: a JSON patch cannot copy or move what is in metadata to elsewhere; write the value with an \"add\" operation")
		}
	}
	return nil
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // the handler refuses what is no text
	return s
}
