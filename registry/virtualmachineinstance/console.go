// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"net/url"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// viewOf tells whether an instance has a serial console to connect to, and how a viewer wants to see it.
func viewOf(vmi *v1.VirtualMachineInstance, query url.Values) (url.Values, error) {
	if _, err := consoleOf(vmi, query); err != nil {
		return nil, err
	}
	readOnly, err := flag(query, v1.ConsoleReadOnly, false)
	if err != nil {
		return nil, err
	}
	passed := url.Values{}
	if readOnly {
		passed.Set(v1.ConsoleReadOnly, "true")
	}
	if query.Has(v1.ConsolePosition) {
		passed.Set(v1.ConsolePosition, query.Get(v1.ConsolePosition))
	}
	return passed, nil
}
