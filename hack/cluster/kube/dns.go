// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"path/filepath"
)

// corefile answers for the cluster's own names, and that nothing else exists: there is no way to ask anybody.
func (o *Options) corefile() []byte {
	return fmt.Appendf(nil, `.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig %s
        pods insecure
        fallthrough
    }
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`, filepath.Join(o.controlDir(), "coredns.kubeconfig"))
}
