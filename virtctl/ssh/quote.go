// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package ssh

import "strings"

// proxyCommand makes one line of a command, for OpenSSH to replace tokens in and then to hand to the user's shell.
func proxyCommand(words []string, windows bool) string {
	quote := posix
	if windows {
		quote = cmdExe
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(strings.ReplaceAll(word, "%", "%%"))
	}
	return strings.Join(quoted, " ")
}

// plain are the characters that mean themselves to every shell.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,@+"

func isPlain(word, more string) bool {
	return word != "" && strings.Trim(word, plain+more) == ""
}

// posix quotes a word for the shells of Unix. Fish reads a backslash between quotes, so it stands outside.
func posix(word string) string {
	if isPlain(word, "%") {
		return word
	}
	return "'" + strings.NewReplacer("'", `'\''`, `\`, `'\\'`).Replace(word) + "'"
}

// cmdExe quotes a word for Windows, whose paths have backslashes and can have no quotation marks.
func cmdExe(word string) string {
	if isPlain(word, `%\`) {
		return word
	}
	return `"` + strings.ReplaceAll(word, `"`, `\"`) + `"`
}
