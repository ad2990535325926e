// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/virtplane/virtplane/hack/cluster/build"
	"github.com/virtplane/virtplane/hack/cluster/cluster"
	"github.com/virtplane/virtplane/hack/cluster/host"
	"github.com/virtplane/virtplane/hack/cluster/preflight"
	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// plainImages are the images that a cluster without virtplane uses.
const plainImages = "pause,tools"

// upOptions say how far `up` goes.
type upOptions struct{ install, demo bool }

func upCommand(s *settings.Settings) *cobra.Command {
	o := &upOptions{}
	cmd := &cobra.Command{
		Use: "up", Short: "Build what is missing, start the cluster, install virtplane and run the demo VM", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := complete(s); err != nil {
				return err
			}
			release, err := host.Lock()
			if err != nil {
				return err
			}
			defer release()
			return o.run(cmd.Context(), s)
		},
	}
	s.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&o.install, "install", true, "install virtplane")
	cmd.Flags().BoolVar(&o.demo, "demo", true, "create the demo VM and wait for it (needs --install)")
	return cmd
}

func complete(s *settings.Settings) error {
	if err := s.Complete(); err != nil {
		return err
	}
	return s.Validate()
}

func (o *upOptions) run(ctx context.Context, s *settings.Settings) error {
	report := progress.New(os.Stdout)
	tools, err := build.Tools(s)
	if err != nil {
		return err
	}
	running, err := prepare(ctx, s, report, tools)
	if err != nil {
		return err
	}
	if err := buildTools(ctx, s, report, tools); err != nil {
		return err
	}
	// The control plane and the nodes start while the programs are built.
	if !running {
		if err := restart(s, report); err != nil {
			return err
		}
	}
	only := plainImages
	if o.install {
		only = ""
		if err := report.Step("build virtplane", func() error { return build.Product(ctx, s) }); err != nil {
			return err
		}
	}
	var images []build.Image
	if err := report.Step("build images", func() error {
		built, err := build.Images(ctx, s, only)
		if err != nil {
			return err
		}
		images, err = build.Wanted(built, nil)
		return err
	}); err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"wait for Kubernetes", func() error { return cluster.WaitAPI(ctx, s) }},
		{"wait for nodes", func() error { return cluster.WaitNodes(ctx, s) }},
		{"load images", func() error { _, err := cluster.Load(ctx, s, images); return err }},
		{"add storage and DNS", func() error { return errors.Join(cluster.AddStorage(ctx, s), cluster.AddDNS(ctx, s)) }},
	} {
		if err := report.Step(step.name, step.run); err != nil {
			return err
		}
	}
	if o.install {
		if err := report.Step("install virtplane", func() error { return cluster.Install(ctx, s, images, cluster.InstallOptions{}) }); err != nil {
			return err
		}
	}
	if o.install && o.demo {
		if err := report.Step("start the demo VM", func() error { return cluster.Demo(ctx, s) }); err != nil {
			return err
		}
	}
	fmt.Printf("\nThe cluster is up after %.0f s.\n%s", report.Total().Seconds(), cluster.NextSteps(s, o.install && o.demo))
	return nil
}

// prepare makes sure that the machine can run the cluster, and reports whether the wanted one runs already.
func prepare(ctx context.Context, s *settings.Settings, report *progress.Reporter, tools []build.Tool) (running bool, err error) {
	record, err := host.ReadRecord()
	if err != nil {
		return false, err
	}
	switch {
	case !record.Running():
	case record.Dir != s.StateDir() && record.Abandoned() == "":
		return false, cluster.Foreign(record)
	case record.Dir == s.StateDir() && record.Settings == s.Key():
		running = true
	case record.Dir == s.StateDir():
		report.Note("the running cluster was started with %s; a new one will take its place", record.Settings)
	}
	cold := false
	for _, tool := range tools {
		cold = cold || !tool.Built(s)
	}
	if err := report.Step("check this machine", func() error {
		return preflight.Host(preflight.Needs{Dirs: []string{s.CacheDir, s.RepoDir}, Cold: cold, Nodes: s.Nodes, Running: record.Running()})
	}); err != nil {
		return false, err
	}
	if missing := preflight.MissingPackages(ctx); len(missing) > 0 {
		if err := report.Step("install "+strings.Join(missing, " "), func() error { return preflight.InstallPackages(ctx, missing) }); err != nil {
			return false, err
		}
	}
	if !running {
		err = report.Step("check the kernel", func() error { return preflight.Kernel(ctx) })
	}
	return running, err
}

// restart starts a cluster in the place of what is there: nothing, the rest of one, or one with other settings.
func restart(s *settings.Settings, report *progress.Reporter) error {
	if err := report.Step("clear away what was left", func() error {
		note, err := cluster.Stop(s, false)
		if note != "" {
			report.Note("%s", note)
		}
		return err
	}); err != nil {
		return err
	}
	return report.Step("start cluster", func() error { return cluster.Start(s) })
}
