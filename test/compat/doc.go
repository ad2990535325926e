// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package compat proves that the API of virtplane is the published one: objects of the Go module kubevirt.io/api
// pass through the types of virtplane unchanged, and the other way round. It is a module of its own, so that the
// product does not depend on that one.
package compat
