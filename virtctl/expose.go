// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl/expose"
)

// replicaSets are exposed, but no other command knows them.
const replicaSets = "virtualmachineinstancereplicasets"

func newExposeCommand(client *client) *cobra.Command {
	flags := &expose.Flags{}
	cmd := &cobra.Command{
		Use:   "expose (vm|vmi|vmirs) NAME --name=SERVICE [flags]",
		Short: "Make a Service that leads to a guest",
		Long: "Make a Service that leads to the guest of a virtual machine or an instance, or to those of a replica set. Without\n" +
			"--port it has the ports that the object lists for its pod network. The Service goes with the object.",
		Example: `
# Let other pods reach port 22 of the virtual machine demo as demo-ssh.
virtctl expose vm demo --name=demo-ssh --port=22

# Let it be reached from outside, on a port of each node.
virtctl expose vm demo --name=demo-ssh --port=22 --type=NodePort

# Port 80 for what the guest serves on 8080, by IPv4 and IPv6.
virtctl expose vm demo --name=web --port=80 --target-port=8080 --ip-family=IPv4,IPv6

# All ports that the virtual machine lists.
virtctl expose vm demo --name=demo`,
		Args:              rangeArgs(1, 2),
		ValidArgsFunction: completeKindAndName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case flags.Name == "":
				return usageError(cmd, errors.New("--name is missing: how shall the Service be called?"))
			case flags.Port == 0 && cmd.Flags().Changed("port"):
				return usageError(cmd, errors.New("--port=0: a port has to be 1 to 65535"))
			case flags.Port == 0 && (flags.TargetPort != "" || flags.PortName != ""):
				return usageError(cmd, errors.New("--target-port and --port-name go with --port"))
			}
			service, err := flags.Service()
			if err != nil {
				return usageError(cmd, err)
			}
			t, err := parseExposed(args)
			if err != nil {
				return err
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			exposed, err := c.exposed(cmd.Context(), t)
			if err != nil {
				return err
			}
			if err := expose.Complete(service, exposed); err != nil {
				return err
			}
			if err := c.create(cmd.Context(), service, c.in(corePath, "services")...); err != nil {
				return err
			}
			warnOfOwner(cmd, exposed, service.Name)
			cmd.Printf("Service %s successfully created for %s %s\n", service.Name, strings.ToLower(exposedKind(args)), t.name)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.Name, "name", "", "Name of the Service")
	f.Int32Var(&flags.Port, "port", 0, "Port of the Service; without it those that the object lists")
	f.StringVar(&flags.TargetPort, "target-port", "", "Port of the guest; without it that of the Service")
	f.StringVar(&flags.PortName, "port-name", "", "Name of the port")
	f.StringVar(&flags.Protocol, "protocol", "TCP", "Protocol of the port: TCP or UDP")
	f.StringVar(&flags.Type, "type", "ClusterIP", "Who reaches the Service: ClusterIP, NodePort or LoadBalancer")
	f.StringVar(&flags.ClusterIP, "cluster-ip", "", "Address of the Service; None for one without, so that DNS has the guest's own")
	f.StringVar(&flags.ExternalIP, "external-ip", "", "Further address, which something outside the cluster routes to a node")
	f.StringVar(&flags.IPFamily, "ip-family", "", "Families of the addresses: IPv4, IPv6, IPv4,IPv6 or IPv6,IPv4")
	f.StringVar(&flags.IPFamilyPolicy, "ip-family-policy", "", "SingleStack, PreferDualStack or RequireDualStack; PreferDualStack for two families")
	completeValues(cmd, "protocol", "TCP", "UDP")
	completeValues(cmd, "type", "ClusterIP", "NodePort", "LoadBalancer")
	completeValues(cmd, "ip-family", "IPv4", "IPv6", "IPv4,IPv6", "IPv6,IPv4")
	completeValues(cmd, "ip-family-policy", "SingleStack", "PreferDualStack", "RequireDualStack")
	return cmd
}

// exposedKind returns the kind as it was typed.
func exposedKind(args []string) string {
	if len(args) == 2 {
		return args[0]
	}
	kind, _, _ := strings.Cut(args[0], "/")
	return kind
}

// parseExposed reads KIND NAME or KIND/NAME.
func parseExposed(args []string) (target, error) {
	if len(args) == 1 && !strings.Contains(args[0], "/") {
		return target{}, errors.New("name what to expose as vm NAME, vmi NAME or vmirs NAME")
	}
	switch strings.TrimSuffix(strings.ToLower(exposedKind(args)), ".kubevirt.io") {
	case "vmirs", "vmirss", "virtualmachineinstancereplicaset", replicaSets:
		name := args[len(args)-1]
		if len(args) == 1 {
			_, name, _ = strings.Cut(args[0], "/")
		}
		return target{replicaSets, name}, checkName("the name of the replica set", name)
	}
	return parseTarget(args, instances)
}

// exposed returns what a Service needs to know of t.
func (c *connection) exposed(ctx context.Context, t target) (expose.Exposed, error) {
	switch t.resource {
	case machines:
		vm := &v1.VirtualMachine{}
		err := c.get(ctx, vm, c.object(t)...)
		return expose.Machine(vm), err
	case instances:
		vmi := &v1.VirtualMachineInstance{}
		err := c.get(ctx, vmi, c.object(t)...)
		return expose.Instance(vmi), err
	}
	set := &expose.ReplicaSet{}
	if err := c.get(ctx, set, c.object(t)...); isUnserved(err) {
		return expose.Exposed{}, errors.New("the cluster does not serve " + replicaSets + ".kubevirt.io; expose single virtual machines")
	} else if err != nil {
		return expose.Exposed{}, err
	}
	exposed, err := expose.Replicas(set)
	if err != nil {
		return expose.Exposed{}, fmt.Errorf("expose replica set %s: %w", t.name, err)
	}
	return exposed, nil
}

// warnOfOwner tells that a Service does not outlive a restart, which its user may not expect.
func warnOfOwner(cmd *cobra.Command, exposed expose.Exposed, service string) {
	owner := metav1.GetControllerOf(exposed.Object)
	if owner == nil || owner.Kind != "VirtualMachine" {
		return
	}
	cmd.PrintErrf("Warning: Service %s goes with the instance when VM %s stops; virtctl expose vm %s makes one that stays\n",
		service, owner.Name, owner.Name)
}
