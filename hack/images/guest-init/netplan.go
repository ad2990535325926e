// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// netplan is what is to be done: commands in order, and the lines of resolv.conf.
type netplan struct {
	commands [][]string
	resolv   []string
}

// netConfig is network-config of version 2, and of version 1 as far as physical interfaces go.
type netConfig struct {
	Network   *netConfig          `yaml:"network"` // some tools wrap all in this
	Version   int                 `yaml:"version"`
	Ethernets map[string]ethernet `yaml:"ethernets"`
	Config    []physical          `yaml:"config"`
}

type ethernet struct {
	Match struct {
		MAC  string `yaml:"macaddress"`
		Name string `yaml:"name"`
	} `yaml:"match"`
	DHCP4     bool     `yaml:"dhcp4"`
	DHCP6     bool     `yaml:"dhcp6"`
	Addresses []string `yaml:"addresses"`
	Gateway4  string   `yaml:"gateway4"`
	Gateway6  string   `yaml:"gateway6"`
	MTU       int      `yaml:"mtu"`
	Routes    []struct {
		To  string `yaml:"to"`
		Via string `yaml:"via"`
	} `yaml:"routes"`
	Nameservers struct {
		Addresses []string `yaml:"addresses"`
		Search    []string `yaml:"search"`
	} `yaml:"nameservers"`
}

type physical struct {
	Type    string `yaml:"type"`
	Name    string `yaml:"name"`
	MAC     string `yaml:"mac_address"`
	MTU     int    `yaml:"mtu"`
	Subnets []struct {
		Type    string   `yaml:"type"`
		Address string   `yaml:"address"`
		Gateway string   `yaml:"gateway"`
		DNS     []string `yaml:"dns_nameservers"`
	} `yaml:"subnets"`
}

// planNetwork turns network-config into commands. Without a configuration, or with one that cannot
// be read, every interface asks for an address by DHCP, so that the guest can be reached.
func planNetwork(raw []byte, present []nic) (netplan, error) {
	config, err := readNetConfig(raw)
	if err != nil || len(config) == 0 {
		config = map[string]ethernet{}
		for _, n := range present {
			config[n.name] = ethernet{DHCP4: true}
		}
	}
	var names []string
	for name := range config {
		names = append(names, name)
	}
	sort.Strings(names)
	plan := netplan{commands: [][]string{{"ip", "link", "set", "lo", "up"}}}
	for _, name := range names {
		device := find(present, name, config[name])
		if device == "" {
			err = fmt.Errorf("read network-config: no interface matches %q", name)
			continue
		}
		plan.add(device, config[name])
	}
	return plan, err
}

// readNetConfig reads either version.
func readNetConfig(raw []byte) (map[string]ethernet, error) {
	var config netConfig
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, fmt.Errorf("read network-config: %w", err)
	}
	if config.Network != nil {
		config = *config.Network
	}
	if config.Version == 2 || config.Version == 0 {
		return config.Ethernets, nil
	}
	ethernets := map[string]ethernet{}
	for _, p := range config.Config {
		if p.Type != "physical" {
			continue
		}
		e := ethernet{MTU: p.MTU}
		e.Match.MAC = p.MAC
		for _, s := range p.Subnets {
			switch s.Type {
			case "dhcp", "dhcp4":
				e.DHCP4 = true
			case "dhcp6":
				e.DHCP6 = true
			case "static", "static6":
				e.Addresses = append(e.Addresses, s.Address)
				if strings.Contains(s.Gateway, ":") {
					e.Gateway6 = s.Gateway
				} else if s.Gateway != "" {
					e.Gateway4 = s.Gateway
				}
			}
			e.Nameservers.Addresses = append(e.Nameservers.Addresses, s.DNS...)
		}
		ethernets[p.Name] = e
	}
	return ethernets, nil
}

// find gives the interface that a configuration is for: by address, by name, and by its place among
// all when the name is of another naming scheme (enp1s0) and there is only one interface.
func find(present []nic, name string, e ethernet) string {
	for _, n := range present {
		switch {
		case e.Match.MAC != "":
			if strings.EqualFold(n.mac, e.Match.MAC) {
				return n.name
			}
		case n.name == name || n.name == e.Match.Name:
			return n.name
		}
	}
	if e.Match.MAC == "" && len(present) == 1 {
		return present[0].name
	}
	return ""
}

func (p *netplan) add(device string, e ethernet) {
	do := func(args ...string) { p.commands = append(p.commands, args) }
	if e.MTU > 0 {
		do("ip", "link", "set", device, "mtu", strconv.Itoa(e.MTU))
	}
	do("ip", "link", "set", device, "up")
	for _, address := range e.Addresses {
		do("ip", "addr", "add", address, "dev", device)
	}
	for _, via := range []string{e.Gateway4, e.Gateway6} {
		if via != "" {
			do("ip", "route", "add", "default", "via", via, "dev", device)
		}
	}
	for _, route := range e.Routes {
		if route.To == "0.0.0.0/0" || route.To == "::/0" {
			route.To = "default"
		}
		do("ip", "route", "add", route.To, "via", route.Via, "dev", device)
	}
	// -b: go on asking in the background; -S: log; the address is there at the first answer.
	if e.DHCP4 {
		do("udhcpc", "-i", device, "-b", "-t", "8", "-T", "1", "-S", "-x", "hostname:"+hostname())
	}
	if e.DHCP6 {
		do("udhcpc6", "-i", device, "-b", "-t", "8", "-T", "1", "-S")
	}
	for _, server := range e.Nameservers.Addresses {
		p.resolv = append(p.resolv, "nameserver "+server)
	}
	if len(e.Nameservers.Search) > 0 {
		p.resolv = append(p.resolv, "search "+strings.Join(e.Nameservers.Search, " "))
	}
}
