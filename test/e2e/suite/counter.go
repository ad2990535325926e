// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"regexp"
	"strconv"
	"time"
)

// CountLine is a shell line by which a guest writes the next number to its console every second, from 1 on.
const CountLine = `(n=0; while :; do n=$((n+1)); echo "tick $n." >/dev/ttyS0; sleep 1; done) >/dev/null 2>&1 &`

// settle is how long output may be on its way from the guest.
const settle = 500 * time.Millisecond

var (
	tick  = regexp.MustCompile(`tick (\d+)\.`)
	never = regexp.MustCompile(`a\z.`) // matches nothing
)

// Ticks returns the numbers that a console has shown, in order.
func (c *Console) Ticks() []int {
	var numbers []int
	for _, match := range tick.FindAllStringSubmatch(c.Shown(), -1) {
		number, err := strconv.Atoi(match[1])
		Need(c, err, "read number")
		numbers = append(numbers, number)
	}
	return numbers
}

// AwaitTick waits until the guest counts on from here, and returns the number.
func (c *Console) AwaitTick(timeout time.Duration) int {
	c.Helper()
	number, err := strconv.Atoi(c.Expect(tick.String(), timeout)[1])
	Need(c, err, "read number")
	return number
}

// AwaitNewTick skips what the guest has written so far and waits until it counts on.
func (c *Console) AwaitNewTick(timeout time.Duration) int {
	c.Helper()
	c.Forget()
	return c.AwaitTick(timeout)
}

// Counts tells whether the guest counts on within some time, and the number.
func (c *Console) Counts(within time.Duration) (int, bool) {
	c.Helper()
	// What was on its way when the caller looked does not count.
	c.seek(never, settle)
	c.Forget()
	match := c.seek(tick, within)
	if match == nil {
		return 0, false
	}
	number, err := strconv.Atoi(match[1])
	Need(c, err, "read number")
	return number, true
}

// CheckTicks fails the test when a number is missing between the first and the last, or came twice. It returns the last.
func (c *Console) CheckTicks() int {
	c.Helper()
	numbers := c.Ticks()
	if len(numbers) == 0 {
		c.Fatalf("the guest has not counted at all; its last output is %q", tail(c.Shown(), 500))
	}
	for i, number := range numbers[1:] {
		if number != numbers[i]+1 {
			c.Fatalf("the guest's console shows %d after %d; all numbers: %v", number, numbers[i], numbers)
		}
	}
	return numbers[len(numbers)-1]
}
