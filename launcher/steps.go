// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package launcher

import (
	"sync"
	"time"
)

// begun is when the process came to run this program's own code.
var begun = time.Now()

// steps notes when each step of the start was done, for one line in the log.
type steps struct {
	// mu guards values.
	mu     sync.Mutex
	values []any
}

// done notes that a step is done, in milliseconds since the process began.
func (s *steps) done(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = append(s.values, name, time.Since(begun).Milliseconds())
}

func (s *steps) keysAndValues() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]any(nil), s.values...)
}
