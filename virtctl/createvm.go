// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl/create"
)

func newCreateVMCommand(client *client) *cobra.Command {
	machine := &create.Machine{}
	var passwordFile string
	var agentManagesSSH bool
	cmd := &cobra.Command{
		Use:   "vm [flags]",
		Short: "Write the manifest of a virtual machine",
		Long: "Write the manifest of a virtual machine. The same flags make the same manifest, but for a name that is not given.\n" +
			"What virtplane would refuse of it is told as a warning.\n\n" +
			"Volumes are KEY:VALUE,... and can be given several times. Without bootorder the guest boots from container disks\n" +
			"before claims, empty disks and imports, each in their order.",
		Example: `
# A virtual machine that boots from an image in a registry.
virtctl create vm --name=demo --memory=1Gi --volume-containerdisk=src:registry.example.com/debian:13 | kubectl create -f -

# With an empty disk for data, and a user who logs in by SSH.
virtctl create vm --name=demo --volume-containerdisk=src:registry.example.com/debian:13 \
  --volume-emptydisk=size:10Gi,name:data --user=admin --ssh-key="$(cat $HOME/.ssh/id_ed25519.pub)"

# One that boots from a claim, with two CPUs, stopped at first.
virtctl create vm --name=demo --volume-pvc=src:demo-root,bootorder:1 --cpu=2 --memory=4Gi --run-strategy=Halted

# With a password from a file, which ends up in the manifest.
virtctl create vm --name=demo --volume-containerdisk=src:registry.example.com/debian:13 --user=admin --password-file=password.txt

# With an instance type, a preference and a disk that is imported.
virtctl create vm --name=demo --instancetype=small --preference=debian --volume-import=type:http,url:https://example.com/disk.qcow2,size:10Gi`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if machine.Name == "" {
				machine.Name = "vm-" + rand.String(5)
			}
			if problems := validation.IsDNS1123Subdomain(machine.Name); len(problems) > 0 {
				return usageError(cmd, fmt.Errorf("--name=%s: %s", machine.Name, strings.Join(problems, ", ")))
			}
			// A manifest without a namespace is created in the current one, whichever that is then.
			machine.Namespace = client.overrides.Context.Namespace
			if cmd.Flags().Changed("ga-manage-ssh") {
				machine.AgentManagesSSH = &agentManagesSSH
			}
			if passwordFile != "" {
				var err error
				if machine.Password, err = readFile(cmd.InOrStdin(), "password", passwordFile); err != nil {
					return err
				}
				cmd.PrintErrln("Warning: the password is in the manifest, where everybody reads it who may read the virtual machine")
			}
			vm, err := machine.Manifest()
			if err != nil {
				return usageError(cmd, err)
			}
			manifest, err := create.YAML(vm)
			if err != nil {
				return err
			}
			for _, problem := range create.Refused(vm) {
				cmd.PrintErrln("Warning: virtplane refuses this manifest: " + problem)
			}
			_, err = cmd.OutOrStdout().Write(manifest)
			return err
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	addMachineFlags(f, machine)
	addVolumeFlagsOf(f, machine)
	addLoginFlags(f, machine)
	completeValues(cmd, "run-strategy", "Always", "Manual", "Halted", "Once", "RerunOnFailure")
	completeValues(cmd, "cloud-init", "nocloud", "configdrive", "none")
	f.StringVar(&passwordFile, "password-file", "", "File with the user's password; - is the standard input")
	f.BoolVar(&agentManagesSSH, "ga-manage-ssh", false, "Have cloud-init allow the guest agent to write SSH keys, where SELinux guards the guest")
	return cmd
}

func addMachineFlags(f *pflag.FlagSet, m *create.Machine) {
	f.StringVar(&m.Name, "name", "", "Name; without it a random one")
	f.StringVar(&m.RunStrategy, "run-strategy", string(v1.RunStrategyAlways), "When it runs: Always, Manual, Halted, Once or RerunOnFailure")
	f.Int64Var(&m.TerminationGracePeriod, "termination-grace-period", create.DefaultGracePeriod, "Seconds that the guest has to shut down")
	f.StringVar(&m.Memory, "memory", "", "Memory of the guest; without it 512Mi, or what the instance type says")
	f.Uint32Var(&m.CPUs, "cpu", 0, "CPUs of the guest; without it what the server or the instance type says")
	f.StringVar(&m.Instancetype, "instancetype", "", "Instance type, as NAME or KIND/NAME; excludes --memory and --cpu")
	f.BoolVar(&m.InferInstancetype, "infer-instancetype", false, "Take the instance type that the volume names which the guest boots from")
	f.StringVar(&m.InferInstancetypeFrom, "infer-instancetype-from", "", "Take the instance type that this volume names")
	f.StringVar(&m.Preference, "preference", "", "Preference, as NAME or KIND/NAME")
	f.BoolVar(&m.InferPreference, "infer-preference", false, "Take the preference that the volume names which the guest boots from")
	f.StringVar(&m.InferPreferenceFrom, "infer-preference-from", "", "Take the preference that this volume names")
}

func addVolumeFlagsOf(f *pflag.FlagSet, m *create.Machine) {
	keys := func(list []string) string { return strings.Join(list, ", ") }
	f.StringArrayVar(&m.ContainerDisks, "volume-containerdisk", nil, "Disk in a container image; keys: "+keys(create.VolumeKeys))
	f.StringArrayVar(&m.Claims, "volume-pvc", nil, "Disk in a claim; keys: "+keys(create.VolumeKeys))
	f.StringArrayVar(&m.EmptyDisks, "volume-emptydisk", nil, "Empty disk that lives as long as the instance; keys: "+keys(create.EmptyDiskKeys))
	imports := "Disk that is imported into a claim; keys: " + keys(create.ImportKeys) + ", and for the types"
	for _, t := range create.ImportTypes {
		imports += strings.TrimRight(fmt.Sprintf("\n  %-8s %s", t.Name, keys(t.Keys)), " ")
	}
	f.StringArrayVar(&m.Imports, "volume-import", nil, imports)
	f.StringVar(&m.Sysprep, "volume-sysprep", "", "Answer files for Windows; keys: "+keys(create.SysprepKeys)+" (configmap or secret)")
	for _, former := range []struct {
		values     *[]string
		flag, kind string
	}{
		{&m.DataSources, "volume-datasource", "ds"}, {&m.ClonedClaims, "volume-clone-pvc", "pvc"}, {&m.Blanks, "volume-blank", "blank"},
	} {
		f.StringArrayVar(former.values, former.flag, nil, "Older form of --volume-import=type:"+former.kind+",...")
		if err := f.MarkHidden(former.flag); err != nil {
			panic(err)
		}
	}
}

func addLoginFlags(f *pflag.FlagSet, m *create.Machine) {
	f.StringVar(&m.User, "user", "", "User that cloud-init sets up")
	f.StringSliceVar(&m.SSHKeys, "ssh-key", nil, "Public keys that the user logs in with")
	f.StringArrayVar(&m.AccessCredentials, "access-cred", nil,
		"Secret with keys or passwords for the guest; keys: "+strings.Join(create.CredentialKeys, ", ")+"\n"+
			"  type     ssh or password\n  method   ga, nocloud or configdrive")
	f.StringVar(&m.CloudInit, "cloud-init", "", "Kind of the volume for cloud-init: nocloud, configdrive or none; without it nocloud where one is needed")
	f.StringVar(&m.UserData, "cloud-init-user-data", "", "All of the user data for cloud-init, in base64")
	f.StringVar(&m.NetworkData, "cloud-init-network-data", "", "Network configuration for cloud-init, in base64")
}
