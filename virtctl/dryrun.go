// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// dryRun is the flag of commands that can check without doing.
type dryRun bool

func (d *dryRun) addFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar((*bool)(d), "dry-run", false, "Have the server check the request without doing anything")
}

// option returns the value of the request's option.
func (d dryRun) option() []string {
	if d {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// report prints what was done, or would have been.
func (d dryRun) report(cmd *cobra.Command, format string, args ...any) {
	if d {
		cmd.Println("Dry Run execution")
	}
	cmd.Println(fmt.Sprintf(format, args...))
}
