// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// network brings the interfaces up: as the seed's network-config says, and by DHCP where it says
// nothing.
func network() error {
	giveWay()
	raw, err := os.ReadFile(runDir + "/network-config")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	present, err := interfaces("/sys/class/net")
	if err != nil {
		return err
	}
	plan, err := planNetwork(raw, present)
	if err != nil {
		report(err)
	}
	for _, args := range plan.commands {
		cmd := exec.Command(args[0], args[1:]...)
		if output, err := cmd.CombinedOutput(); err != nil {
			report(fmt.Errorf("run %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(output))))
		}
	}
	if len(plan.resolv) > 0 {
		return os.WriteFile("/etc/resolv.conf", []byte(strings.Join(plan.resolv, "\n")+"\n"), 0o644)
	}
	return nil
}

// nic is an interface of this machine.
type nic struct{ name, mac string }

// interfaces lists the Ethernet interfaces.
func interfaces(dir string) ([]nic, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var list []nic
	for _, entry := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, entry.Name(), "address"))
		if err != nil || entry.Name() == "lo" {
			continue
		}
		// Bridges, tunnels and the like have no device behind them.
		if _, err := os.Stat(filepath.Join(dir, entry.Name(), "device")); err != nil {
			continue
		}
		list = append(list, nic{entry.Name(), strings.TrimSpace(string(raw))})
	}
	return list, nil
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return defaultHost
	}
	return name
}
