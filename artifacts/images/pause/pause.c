// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

/*
 * pause holds the namespaces of a pod. It is PID 1 of a pod's sandbox (and, with a shared process
 * namespace, of the whole pod), so it reaps every child that it inherits, and it ends at once on
 * SIGTERM or SIGINT, which the kernel would ignore for a PID 1 that does not handle them.
 */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

int main(void)
{
	sigset_t wanted;
	int signal;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	if (sigprocmask(SIG_BLOCK, &wanted, NULL) != 0)
		return 1;
	for (;;) {
		if (sigwait(&wanted, &signal) != 0)
			continue;
		if (signal != SIGCHLD)
			return 0;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}
