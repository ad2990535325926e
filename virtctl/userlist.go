// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func newUserListCommand(client *client) *cobra.Command {
	return newQuestionCommand(client, question{
		command: "userlist",
		verb:    "userlist",
		short:   "List the users who are logged in to a guest",
		long:    "List the users who are logged in to a guest.",
		example: `
# List the users of the guest demo.
virtctl userlist demo`,
		table: func(w io.Writer, answer json.RawMessage) error {
			list := &v1.VirtualMachineInstanceGuestOSUserList{}
			if err := decode(answer, list); err != nil {
				return err
			}
			row(w, "USER", "DOMAIN", "LOGGED IN")
			for _, u := range list.Items {
				row(w, u.UserName, u.Domain, when(u.LoginTime))
			}
			return nil
		},
	})
}

// when returns a time in seconds since 1970, as a guest counts them, in a form that sorts.
func when(seconds float64) string {
	// Guests may say anything; what no clock can show is not shown.
	if !(seconds > 0 && seconds < math.MaxUint32) {
		return ""
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}
