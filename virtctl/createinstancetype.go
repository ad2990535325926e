// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/virtplane/virtplane/virtctl/create"
)

// printManifest prints an object of an API that virtplane does not serve, which another server of the group may.
func printManifest(cmd *cobra.Command, object any, apiVersion string) error {
	manifest, err := create.YAML(object)
	if err != nil {
		return err
	}
	cmd.PrintErrf("Warning: virtplane does not serve %s\n", apiVersion)
	_, err = cmd.OutOrStdout().Write(manifest)
	return err
}

// orRandom returns name, or a random one that begins with prefix.
func orRandom(name, prefix string) string {
	if name != "" {
		return name
	}
	return prefix + "-" + rand.String(5)
}

func newCreateInstancetypeCommand(client *client) *cobra.Command {
	wanted := &create.Instancetype{}
	cmd := &cobra.Command{
		Use:   "instancetype --cpu=N --memory=SIZE [flags]",
		Short: "Write the manifest of an instance type",
		Long:  "Write the manifest of an instance type, for clusters that have them. It is for the whole cluster, or for one namespace.",
		Example: `
# An instance type for the whole cluster.
virtctl create instancetype --name=small --cpu=1 --memory=1Gi

# One for the namespace lab, with a GPU.
virtctl create instancetype --name=graphics --namespace=lab --cpu=4 --memory=8Gi --gpu=name:gpu,devicename:example.com/gpu`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted.Namespace = client.overrides.Context.Namespace
			wanted.Namespaced = wanted.Namespaced || wanted.Namespace != ""
			wanted.Name = orRandom(wanted.Name, "instancetype")
			object, err := wanted.Manifest()
			if err != nil {
				return usageError(cmd, err)
			}
			return printManifest(cmd, object, create.InstancetypeVersion)
		},
	}
	f := cmd.Flags()
	f.StringVar(&wanted.Name, "name", "", "Name; without it a random one")
	f.BoolVar(&wanted.Namespaced, "namespaced", false, "For one namespace; --namespace says the same")
	f.Uint32Var(&wanted.CPUs, "cpu", 0, "CPUs of the guest")
	f.StringVar(&wanted.Memory, "memory", "", "Memory of the guest")
	devices := "; keys: " + strings.Join(create.DeviceKeys, ", ")
	f.StringArrayVar(&wanted.GPUs, "gpu", nil, "GPU of the node"+devices)
	f.StringArrayVar(&wanted.Devices, "hostdevice", nil, "Device of the node"+devices)
	f.StringVar(&wanted.IOThreadsPolicy, "iothreadspolicy", "", "Threads for disks: auto or shared")
	completeValues(cmd, "iothreadspolicy", "auto", "shared")
	return cmd
}

func newCreatePreferenceCommand(client *client) *cobra.Command {
	wanted := &create.Preference{}
	cmd := &cobra.Command{
		Use:   "preference [flags]",
		Short: "Write the manifest of a preference",
		Long:  "Write the manifest of a preference, for clusters that have them. It is for the whole cluster, or for one namespace.",
		Example: `
# A preference for guests that want their CPUs as cores of one socket.
virtctl create preference --name=desktop --cpu-topology=cores`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted.Namespace = client.overrides.Context.Namespace
			wanted.Namespaced = wanted.Namespaced || wanted.Namespace != ""
			wanted.Name = orRandom(wanted.Name, "preference")
			object, err := wanted.Manifest()
			if err != nil {
				return usageError(cmd, err)
			}
			return printManifest(cmd, object, create.InstancetypeVersion)
		},
	}
	f := cmd.Flags()
	f.StringVar(&wanted.Name, "name", "", "Name; without it a random one")
	f.BoolVar(&wanted.Namespaced, "namespaced", false, "For one namespace; --namespace says the same")
	f.StringVar(&wanted.CPUTopology, "cpu-topology", "", "How the guest sees its CPUs: "+join(create.Topologies, "or"))
	f.StringVar(&wanted.MachineType, "machine-type", "", "Machine that the guest sees, such as q35")
	f.StringVar(&wanted.StorageClass, "volume-storage-class", "", "Storage class of volumes")
	completeValues(cmd, "cpu-topology", create.Topologies...)
	return cmd
}
