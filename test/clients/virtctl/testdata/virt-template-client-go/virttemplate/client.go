// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package virttemplate stands in for a module that is not published everywhere: a client that is never used.
package virttemplate

import "k8s.io/client-go/rest"

type Clientset struct{ client rest.Interface }

func NewForConfig(*rest.Config) (*Clientset, error) { return &Clientset{}, nil }

func (c *Clientset) TemplateV1beta1() *Clientset { return c }

func (c *Clientset) RESTClient() rest.Interface { return c.client }
