// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/hack/cluster/build"
	"github.com/virtplane/virtplane/hack/cluster/cluster"
	"github.com/virtplane/virtplane/hack/cluster/preflight"
	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

func packagesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "packages [NAME...]", Short: "Install the Debian packages that are missing, and the named ones",
		RunE: func(cmd *cobra.Command, more []string) error {
			missing := preflight.MissingPackages(cmd.Context(), more...)
			if len(missing) == 0 {
				return nil
			}
			return progress.New(os.Stdout).Step("install "+strings.Join(missing, " "), func() error {
				return preflight.InstallPackages(cmd.Context(), missing)
			})
		},
	}
}

func buildCommand(s *settings.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "build [NAME...]", Short: "Build the programs of virtplane, or the named ones, into bin/",
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := complete(s); err != nil {
				return err
			}
			return progress.New(os.Stdout).Step("build virtplane", func() error { return build.Product(cmd.Context(), s, names...) })
		},
	}
}

func imagesCommand(s *settings.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "images [NAME...]", Short: "Build container images into the cache",
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := complete(s); err != nil {
				return err
			}
			var images []build.Image
			err := progress.New(os.Stdout).Step("build images", func() (err error) {
				images, err = build.Images(cmd.Context(), s, strings.Join(names, ","))
				return err
			})
			for _, image := range images {
				fmt.Printf("%-40s %s\n", image.Ref, image.Tar)
			}
			return err
		},
	}
}

func loadCommand(s *settings.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "load [NAME...]", Short: "Bring the built images, or only the named ones, into the nodes of the running cluster",
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := running(s); err != nil {
				return err
			}
			return progress.New(os.Stdout).Step("load images", func() error {
				built, err := build.BuiltImages(s)
				if err != nil {
					return err
				}
				images, err := build.Wanted(built, names)
				if err != nil {
					return err
				}
				_, err = cluster.Load(cmd.Context(), s, images)
				return err
			})
		},
	}
}

func installCommand(s *settings.Settings) *cobra.Command {
	o := cluster.InstallOptions{}
	cmd := &cobra.Command{
		Use: "install", Short: "Install virtplane into the running cluster, or bring it to the state of this clone", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := running(s); err != nil {
				return err
			}
			return progress.New(os.Stdout).Step("install virtplane", func() error {
				images, err := build.BuiltImages(s)
				if err != nil {
					return err
				}
				return cluster.Install(cmd.Context(), s, images, o)
			})
		},
	}
	cmd.Flags().BoolVar(&o.NoWait, "no-wait", false, "do not wait until everything is ready")
	return cmd
}

func demoCommand(s *settings.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "Create the demo VM and wait until it is ready", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := running(s); err != nil {
				return err
			}
			return progress.New(os.Stdout).Step("start the demo VM", func() error { return cluster.Demo(cmd.Context(), s) })
		},
	}
}

func execCommand(s *settings.Settings) *cobra.Command {
	return &cobra.Command{
		Use: "exec NODE -- COMMAND [ARG...]", Short: "Run a command inside a node", Args: cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := s.Complete(); err != nil {
				return err
			}
			inside, err := cluster.Enter(s, args[0], args[1:]...)
			if err != nil {
				return err
			}
			inside.Stdin, inside.Stdout, inside.Stderr = os.Stdin, os.Stdout, os.Stderr
			err = inside.Run()
			if exit, ok := err.(*exec.ExitError); ok {
				os.Exit(exit.ExitCode())
			}
			return err
		},
	}
}

// running completes the settings with those of the running cluster.
func running(s *settings.Settings) error {
	if err := s.Complete(); err != nil {
		return err
	}
	return cluster.Adopt(s)
}
