// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e holds what must be true of a whole cluster with virtplane, one theme per file. The tests are behind the
// build tag e2e and need the cluster of this clone:
//
//	make up NODES=2 && go test -tags e2e ./test/e2e/
//
// Tests that take down what others need run first and alone; the rest runs side by side. E2E_LONG=1 makes long waits as
// long as in the field.
package e2e
