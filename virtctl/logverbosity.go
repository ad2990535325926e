// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	// maxVerbosity is the highest level that Kubernetes components know.
	maxVerbosity = 9
	// shown is the value of a level's flag that is given without a value.
	shown = "show"
)

// component is a part of the installation whose log level can be set.
type component struct {
	flag  string
	field string
	level func(*v1.LogVerbosity) int64
}

var components = []component{
	{"virt-api", "virtAPI", func(l *v1.LogVerbosity) int64 { return l.VirtAPI }},
	{"virt-controller", "virtController", func(l *v1.LogVerbosity) int64 { return l.VirtController }},
	{"virt-handler", "virtHandler", func(l *v1.LogVerbosity) int64 { return l.VirtHandler }},
	{"virt-launcher", "virtLauncher", func(l *v1.LogVerbosity) int64 { return l.VirtLauncher }},
	{"virt-operator", "virtOperator", func(l *v1.LogVerbosity) int64 { return l.VirtOperator }},
}

// nodeLevels is the field with the levels of single nodes.
const nodeLevels = "nodeVerbosity"

func newLogVerbosityCommand(client *client) *cobra.Command {
	levels := map[string]*string{}
	var all string
	var reset bool
	cmd := &cobra.Command{
		Use:   "log-verbosity [flags]",
		Short: "Show, set or reset how much the components log",
		Long: "Show, set or reset how much the components log, from 0 to 9. A flag without a value shows the level, one with =N\n" +
			"sets it; default is the level that the component was started with. Components take a new level at once, launchers\n" +
			"with their next start. virt-handler is virt-nodeplugin here; there is no virt-operator, whose level is kept and\n" +
			"changes nothing.",
		Example: `
# Show all levels.
virtctl adm log-verbosity --all

# Have the plugins of the nodes log more.
virtctl adm log-verbosity --virt-handler=7

# Everything at 3, but launchers at 5.
virtctl adm log-verbosity --all=3 --virt-launcher=5

# Back to the level of the installation.
virtctl adm log-verbosity --reset`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted, showing, err := readLevels(cmd, levels, all, reset)
			if err != nil {
				return usageError(cmd, err)
			}
			c, err := client.open()
			if err != nil {
				return err
			}
			kv, err := c.settings(cmd.Context())
			if err != nil {
				return err
			}
			if showing != nil {
				printLevels(cmd, kv, showing)
				return nil
			}
			if err := c.merge(cmd.Context(), verbosityPatch(wanted, reset), settingsPath(kv)...); err != nil {
				return err
			}
			cmd.Println("successfully set/reset the log verbosity")
			return nil
		},
	}
	for _, component := range components {
		levels[component.flag] = cmd.Flags().String(component.flag, "", "Show or set the level of "+component.flag)
		cmd.Flags().Lookup(component.flag).NoOptDefVal = shown
	}
	cmd.Flags().StringVar(&all, "all", "", "Show or set the level of all components")
	cmd.Flags().Lookup("all").NoOptDefVal = shown
	cmd.Flags().BoolVar(&reset, "reset", false, "Go back to the level of the installation, but for components whose level is set")
	return cmd
}

// readLevels returns either the levels to set, by the fields of components, or the components to show.
func readLevels(cmd *cobra.Command, levels map[string]*string, all string, reset bool) (wanted map[string]int64, showing []component, err error) {
	wanted = map[string]int64{}
	if all != "" && reset {
		return nil, nil, errors.New("--all and --reset exclude each other")
	}
	for _, c := range components {
		flag, value := c.flag, *levels[c.flag]
		if !cmd.Flags().Changed(c.flag) {
			flag, value = "all", all
		} else if all != "" && (all == shown) != (value == shown) {
			return nil, nil, errors.New("levels are either shown or set: give all flags a value or none")
		}
		switch {
		case value == shown:
			showing = append(showing, c)
		case cmd.Flags().Changed(flag):
			level, err := strconv.ParseUint(value, 10, 8)
			if err != nil || level > maxVerbosity {
				return nil, nil, fmt.Errorf("--%s=%s: the level has to be 0 to %d", flag, value, maxVerbosity)
			}
			wanted[c.field] = int64(level)
		}
	}
	setting := reset || len(wanted) > 0
	switch {
	case setting && len(showing) > 0:
		return nil, nil, errors.New("levels are either shown or set: give all flags a value or none")
	case !setting && len(showing) == 0:
		return nil, nil, errors.New("name a component, or --all, or --reset")
	}
	return wanted, showing, nil
}

func printLevels(cmd *cobra.Command, kv *v1.KubeVirt, showing []component) {
	set := &v1.LogVerbosity{}
	if developer := kv.Spec.Configuration.DeveloperConfiguration; developer != nil && developer.LogVerbosity != nil {
		set = developer.LogVerbosity
	}
	for _, c := range showing {
		// What a component was started with is not known here.
		level := "default"
		if n := c.level(set); n != 0 {
			level = strconv.FormatInt(n, 10)
		}
		cmd.Printf("%s=%s\n", c.flag, level)
	}
}

// verbosityPatch returns the merge patch that sets levels; a reset takes away all others, those of nodes too.
func verbosityPatch(wanted map[string]int64, reset bool) any {
	levels := map[string]any{}
	if reset {
		levels[nodeLevels] = nil
		for _, c := range components {
			levels[c.field] = nil
		}
	}
	for field, level := range wanted {
		levels[field] = level
	}
	within := func(name string, value any) any { return map[string]any{name: value} }
	return within("spec", within("configuration", within("developerConfiguration", within("logVerbosity", levels))))
}
