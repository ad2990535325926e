// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package linearizability judges what clients saw of objects while servers crashed: whether there is one order of all
// requests that explains every answer and agrees with real time, and whether watches told all of it. The load and the crashes are in test/integration; for a long run:
//
//	VIRTPLANE_TEST_FAULT_TIME=1h go test ./test/integration -run TestReplicasStayLinearizable -v -timeout 2h
package linearizability
