// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

const (
	// restartDelay is the pause before the first restart: a killed kubelet is back at once.
	restartDelay = 100 * time.Millisecond
	// restartDelayMax bounds the pause of a program that cannot start, so that its log stays readable.
	restartDelayMax = 5 * time.Second
	// settled is how long a program must have run for its next restart to count as the first.
	settled = 10 * time.Second
)

// backoff gives the pause before the next start of a program that ran for the given time.
type backoff struct{ delay time.Duration }

func (b *backoff) next(ran time.Duration) time.Duration {
	if b.delay == 0 || ran >= settled {
		b.delay = restartDelay
		return b.delay
	}
	b.delay = min(2*b.delay, restartDelayMax)
	return b.delay
}
