// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

const (
	// OrdinalPlaceholder stands for the ordinal of a member in Cluster.Address.
	OrdinalPlaceholder = "{ordinal}"
	// maxMembers is above what anybody runs: each write waits for a majority, so more than five are slower and no safer.
	maxMembers = 9
)

// Credentials are the TLS identity of a member. They follow renewals.
type Credentials interface {
	ServerConfig() *tls.Config
	ClientConfig(host string) *tls.Config
	// Files returns where certificate, key and the CA of the members lie.
	Files() (cert, key, ca string)
}

// Host is what the members agree on outside of etcd: how many they are to be, and which cluster is theirs.
type Host interface {
	// Replicas returns how many members there are to be. 0 means that all are stopped for a while.
	Replicas(ctx context.Context) (int, error)
	// ClusterID returns the identifier of the cluster that holds the objects, or "" before there is one.
	ClusterID(ctx context.Context) (string, error)
	SetClusterID(ctx context.Context, id string) error
}

// Cluster makes a member one of several.
type Cluster struct {
	// Member is the name of this member, which ends in "-" and its ordinal, as pods of a stateful set are called.
	Member string
	// Address is host:port at which members reach each other, with OrdinalPlaceholder in the host.
	Address     string
	Credentials Credentials
	Host        Host
}

// Ordinal returns the number at the end of the member's name.
func (c *Cluster) Ordinal() (int, error) {
	_, ordinal, err := splitName(c.Member)
	return ordinal, err
}

// Set returns the name of the member without its ordinal, which is that of the stateful set.
func (c *Cluster) Set() string {
	set, _, _ := splitName(c.Member)
	return set
}

// PeerHost returns the host at which this member is reached by others.
func (c *Cluster) PeerHost() (string, error) {
	ordinal, err := c.Ordinal()
	if err != nil {
		return "", err
	}
	host, _, err := net.SplitHostPort(c.address(ordinal))
	return host, err
}

// Validate returns every problem of the names and addresses.
func (c *Cluster) Validate() error {
	var errs []error
	if _, _, err := splitName(c.Member); err != nil {
		errs = append(errs, err)
	}
	host, port, err := net.SplitHostPort(c.Address)
	switch {
	case err != nil:
		errs = append(errs, fmt.Errorf("address %q must be host:port", c.Address))
	case !strings.Contains(host, OrdinalPlaceholder):
		errs = append(errs, fmt.Errorf("address %q must have %s where the addresses of the members differ", c.Address, OrdinalPlaceholder))
	default:
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			errs = append(errs, fmt.Errorf("address %q must have a port between 1 and 65535", c.Address))
		}
	}
	return errors.Join(errs...)
}

func splitName(member string) (set string, ordinal int, err error) {
	i := strings.LastIndexByte(member, '-')
	if i > 0 {
		// Atoi takes a sign, which no pod's name has.
		if n, err := strconv.ParseUint(member[i+1:], 10, 15); err == nil && n < maxMembers {
			return member[:i], int(n), nil
		}
	}
	return "", 0, fmt.Errorf("name of the member %q must end in - and a number below %d, as the pods of a stateful set do", member, maxMembers)
}

func (c *Cluster) name(ordinal int) string { return c.Set() + "-" + strconv.Itoa(ordinal) }

func (c *Cluster) address(ordinal int) string {
	return strings.ReplaceAll(c.Address, OrdinalPlaceholder, strconv.Itoa(ordinal))
}

func (c *Cluster) url(ordinal int) url.URL { return url.URL{Scheme: "https", Host: c.address(ordinal)} }

// ordinalOf returns the ordinal of the member at a peer URL.
func (c *Cluster) ordinalOf(peerURL string) (int, bool) {
	for ordinal := range maxMembers {
		if target := c.url(ordinal); target.String() == peerURL {
			return ordinal, true
		}
	}
	return 0, false
}

// listenAddress is where this member listens: a literal address is its own, a name may stand for any address of the pod.
func (c *Cluster) listenAddress(ordinal int) string {
	host, port, err := net.SplitHostPort(c.address(ordinal))
	if err != nil {
		return c.address(ordinal)
	}
	if net.ParseIP(host) == nil {
		host = ""
	}
	return net.JoinHostPort(host, port)
}
