// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// clipboard is this machine's, which browsers give to pages that nobody on the way can change.
export function clipboard() {
  if (!navigator.clipboard) {
    throw new Error('the browser gives its clipboard to pages of this machine alone (127.0.0.1); see ssh -L');
  }
  return navigator.clipboard;
}
