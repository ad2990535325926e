// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command coredns is CoreDNS with the few plugins that the local cluster uses: the stock program takes far longer
// to build because of the clouds that it can talk to.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	// A query passes the plugins in this order, whatever the order in the configuration.
	dnsserver.Directives = []string{"errors", "kubernetes", "template"}
	coremain.Run()
}
