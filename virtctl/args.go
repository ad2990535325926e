// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/validate/content"
)

// Resources that the commands act on, as in the API's paths.
const (
	machines  = "virtualmachines"
	instances = "virtualmachineinstances"
)

// target is one object that a command acts on.
type target struct {
	// resource is machines or instances.
	resource string
	name     string
}

// kind returns the word for the target in messages.
func (t target) kind() string {
	if t.resource == machines {
		return "VM"
	}
	return "VMI"
}

// resourceOf knows the names that kubectl takes for a resource, with or without its group.
func resourceOf(kind string) (string, error) {
	switch strings.TrimSuffix(strings.ToLower(kind), ".kubevirt.io") {
	case "vm", "vms", "virtualmachine", "virtualmachines":
		return machines, nil
	case "vmi", "vmis", "virtualmachineinstance", "virtualmachineinstances":
		return instances, nil
	}
	return "", fmt.Errorf("kind %q is not supported; use vm or vmi", kind)
}

// parseTarget reads NAME, KIND/NAME or KIND NAME; a bare NAME is of the resource bare.
func parseTarget(args []string, bare string) (target, error) {
	t := target{resource: bare, name: args[len(args)-1]}
	var err error
	if len(args) == 2 {
		if t.resource, err = resourceOf(args[0]); err != nil {
			return target{}, err
		}
	} else if kind, name, found := strings.Cut(args[0], "/"); found {
		t.name = name
		if t.resource, err = resourceOf(kind); err != nil {
			return target{}, err
		}
	}
	if t.name == "" {
		return target{}, fmt.Errorf("the name of the %s is empty", t.kind())
	}
	// Anything else would end up in another path of the API.
	if problems := content.IsPathSegmentName(t.name); len(problems) > 0 {
		return target{}, fmt.Errorf("%q is not a valid name: %s", t.name, strings.Join(problems, ", "))
	}
	return t, nil
}

// parseMachine reads the target of a command that works on virtual machines alone.
func parseMachine(cmd *cobra.Command, args []string) (string, error) {
	t, err := parseTarget(args, machines)
	if err != nil {
		return "", err
	}
	if t.resource != machines {
		return "", fmt.Errorf("%s works on virtual machines (vm), not on instances (vmi)", cmd.Name())
	}
	return t.name, nil
}

// exactArgs and its like point to the help instead of printing it.
func exactArgs(n int) cobra.PositionalArgs { return rangeArgs(n, n) }

func rangeArgs(low, high int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			return usageError(cmd, fmt.Errorf("an argument is missing"))
		case len(args) > high:
			return usageError(cmd, fmt.Errorf("unexpected argument %q", args[high]))
		}
		return nil
	}
}

func noArgs(cmd *cobra.Command, args []string) error { return rangeArgs(0, 0)(cmd, args) }

// usageError adds to err how the command is called.
func usageError(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w\nUsage: %s\nSee '%s --help' for help and examples", err, cmd.UseLine(), cmd.CommandPath())
}
