// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/virtplane/virtplane/test/controlplane"
)

type options struct {
	objects, namespaces, rounds, requests, lists, watchers int
	only                                                   []string
	masters                                                bool
	repo, virtAPIServer, dir, profiles                     string
}

func (o options) run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp(o.dir, "bench-")
	if err != nil {
		return fail("make directory", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.virtAPIServer == "" {
		o.virtAPIServer = filepath.Join(dir, "virt-apiserver")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", o.virtAPIServer, "./cmd/virt-apiserver")
		build.Dir, build.Env = o.repo, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build virt-apiserver: %w: %s", err, out)
		}
	}
	began := time.Now()
	cp, err := controlplane.Start(ctx, controlplane.Options{
		Dir: dir, VirtAPIServer: o.virtAPIServer, Manifests: filepath.Join(o.repo, "artifacts", "deploy"),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cp.Stop()) }()
	b := &bench{options: o, cp: cp}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	progress("servers are ready after %.1f s; %d objects of %.1f KB as JSON", time.Since(began).Seconds(), o.objects, float64(machineSize())/1000)
	err = b.repeat(ctx, began)
	if ctx.Err() != nil {
		progress("interrupted: the table holds what was measured until then")
		err = nil
	}
	return errors.Join(err, b.print(os.Stdout))
}

// repeat measures all columns as often as asked for.
func (b *bench) repeat(ctx context.Context, began time.Time) error {
	for round := range b.rounds {
		b.last = round == b.rounds-1
		// Each column is the first one once, so that none always meets the younger processes.
		for i := range b.columns {
			c := b.columns[(i+round)%len(b.columns)]
			if err := b.measure(ctx, c); err != nil {
				return fmt.Errorf("measure %s: %w", c.name, err)
			}
			progress("round %d of %d: %s after %.0f s", round+1, b.rounds, c.name, time.Since(began).Seconds())
		}
	}
	return nil
}

// bench is one run.
type bench struct {
	options
	cp      *controlplane.ControlPlane
	columns []*column
	last    bool
}

// prepare makes the namespaces, the custom resource and the columns.
func (b *bench) prepare(ctx context.Context) error {
	for i := range b.namespaces {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace(i)}}
		if _, err := b.cp.Core.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
			return fail("create namespace", err)
		}
	}
	if err := createCustomResource(ctx, b.cp.Admin); err != nil {
		return err
	}
	login := b.cp.Admin
	if !b.masters {
		var err error
		if login, err = b.user(ctx); err != nil {
			return err
		}
	}
	for _, c := range newColumns(b.cp, login) {
		if len(b.only) == 0 || slices.ContainsFunc(b.only, func(part string) bool { return strings.Contains(c.name, part) }) {
			b.columns = append(b.columns, c)
		}
	}
	if len(b.columns) == 0 {
		return fmt.Errorf("--only: no column has %q in its name", b.only)
	}
	return nil
}

// user makes somebody who may do all by a role, as users and controllers do: virt-apiserver asks
// kube-apiserver for the rights of everybody but system:masters.
func (b *bench) user(ctx context.Context) (*rest.Config, error) {
	const name = "bench"
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	if _, err := b.cp.Core.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return nil, fail("create role binding", err)
	}
	return b.cp.Login(name)
}

// measure takes a column through the life of its objects.
func (b *bench) measure(ctx context.Context, c *column) error {
	for _, step := range []struct {
		name string
		run  func(context.Context, *column) error
	}{
		{"create", b.create}, {"memory", b.memory}, {"get", b.get}, {"list", b.list}, {"watch", b.watch},
		{"patch", b.patch}, {"delete", b.delete},
	} {
		before, err := c.cpu()
		if err != nil {
			return err
		}
		stop := b.profile(ctx, c, step.name)
		if err := step.run(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if err := stop(); err != nil {
			return err
		}
		after, err := c.cpu()
		if err != nil {
			return err
		}
		c.add("server CPU: "+step.name, after-before)
	}
	return nil
}

func namespace(i int) string { return fmt.Sprintf("bench-%d", i) }

// progress goes where it does not mix with the table.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
