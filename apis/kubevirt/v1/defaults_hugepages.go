// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/api/resource"
)

// pageSize is how sizes of pages are written. Quantities have exponents too, of which some take minutes to parse.
var pageSize = regexp.MustCompile(`^[1-9][0-9]{0,9}([kMG]|[KMG]i)?$`)

// Page returns the size of a page in bytes.
func (h *Hugepages) Page() (resource.Quantity, error) {
	if !pageSize.MatchString(h.PageSize) {
		return resource.Quantity{}, fmt.Errorf("%q is no size such as 2Mi or 1Gi", h.PageSize)
	}
	return resource.ParseQuantity(h.PageSize)
}
