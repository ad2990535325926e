// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"testing"

	"github.com/virtplane/virtplane/test/conformance"
)

// TestConformance holds the server, through kube-apiserver, to what its clients may expect in any cluster.
func TestConformance(t *testing.T) { conformance.Run(t, cluster.admin) }
