// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/virtctl/create"
)

func newCreateCloneCommand(client *client) *cobra.Command {
	wanted := &create.Clone{}
	cmd := &cobra.Command{
		Use:   "clone --source-name=NAME [flags]",
		Short: "Write the manifest of a clone",
		Long:  "Write the manifest of a clone of a virtual machine or of a snapshot, for clusters that have them.",
		Example: `
# Clone the virtual machine demo as demo-2.
virtctl create clone --source-name=demo --target-name=demo-2

# Clone a snapshot, with another address for the interface default, and without the labels that begin with team/.
virtctl create clone --source-name=monday --source-type=vmsnapshot --new-mac-address=default:02-00-00-00-00-01 \
  --label-filter='*' --label-filter='!team/*'`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted.Namespace = client.overrides.Context.Namespace
			wanted.Name = orRandom(wanted.Name, "clone")
			object, err := wanted.Manifest()
			if err != nil {
				return usageError(cmd, err)
			}
			return printManifest(cmd, object, create.CloneVersion)
		},
	}
	f := cmd.Flags()
	f.StringVar(&wanted.Name, "name", "", "Name of the clone object; without it a random one")
	f.StringVar(&wanted.SourceName, "source-name", "", "What is cloned")
	f.StringVar(&wanted.SourceType, "source-type", "", "What it is: vm or vmsnapshot; without it vm")
	f.StringVar(&wanted.TargetName, "target-name", "", "Name of the new virtual machine; without it one that the server chooses")
	f.StringVar(&wanted.TargetType, "target-type", "", "What is made: vm")
	f.StringArrayVar(&wanted.LabelFilters, "label-filter", nil, "Labels that are taken over, with * at the end, or are not, with ! at the beginning")
	f.StringArrayVar(&wanted.AnnotationFilters, "annotation-filter", nil, "Annotations that are taken over or not")
	f.StringArrayVar(&wanted.TemplateLabelFilters, "template-label-filter", nil, "Labels of the template that are taken over or not")
	f.StringArrayVar(&wanted.TemplateAnnotationFilters, "template-annotation-filter", nil, "Annotations of the template that are taken over or not")
	f.StringArrayVar(&wanted.MACAddresses, "new-mac-address", nil, "Address of an interface, as INTERFACE:ADDRESS")
	f.StringVar(&wanted.Serial, "new-smbios-serial", "", "Serial number of the new virtual machine")
	completeObjects(cmd, client, "source-name", objectsPath, machines)
	completeValues(cmd, "source-type", "vm", "vmsnapshot")
	completeValues(cmd, "target-type", "vm")
	return cmd
}
