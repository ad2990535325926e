// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"time"

	"github.com/virtplane/virtplane/test/kubeapiserver"
)

// startTimeout is ten times what a start takes on two busy cores.
const startTimeout = 90 * time.Second

// await returns when ready does not fail any more, or with its error when the server ends or takes too long.
func await(ctx context.Context, p *Process, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended: %w: %s", p.Name, p.err, kubeapiserver.Tail(p.Log))
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %s", p.Name, err, kubeapiserver.Tail(p.Log))
		case <-time.After(50 * time.Millisecond):
		}
	}
}
