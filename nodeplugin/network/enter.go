// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Do runs fn on a thread inside the namespace. The thread ends with fn, whatever happens, so that
// no other goroutine can ever run in a tenant's namespace. fn must not start goroutines that
// depend on the namespace.
func (n *Namespace) Do(fn func() error) error {
	result := make(chan error, 1)
	go onOwnThread(func() {
		if err := n.enter(); err != nil {
			result <- fmt.Errorf("enter network namespace: %w", err)
			return
		}
		result <- fn()
	})
	return <-result
}

// enter takes the calling thread into the namespace. Close may run at the same time: the descriptor is
// held meanwhile, because its number may belong to another tenant's namespace afterwards.
func (n *Namespace) enter() error {
	raw, err := n.file.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Control(func(fd uintptr) { failure = unix.Setns(int(fd), unix.CLONE_NEWNET) })
	return errors.Join(err, failure)
}

// onOwnThread runs fn on a thread that Go destroys afterwards, because it stays locked. The main
// thread cannot be destroyed and stands for the process in /proc/self, so it is not used.
func onOwnThread(fn func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		fn()
		return
	}
	done := make(chan struct{})
	go func() { // cannot run on this thread while it is locked
		defer close(done)
		onOwnThread(fn)
	}()
	<-done
	runtime.UnlockOSThread()
}
