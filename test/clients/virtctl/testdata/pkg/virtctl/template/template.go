// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package template stands in for the command of that name, which needs modules that are not published everywhere.
package template

import "github.com/spf13/cobra"

func NewCommand() *cobra.Command { return &cobra.Command{Use: "template", Hidden: true} }
