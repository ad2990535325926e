// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	// completionTime is how long a shell waits for names; more is no help to who types.
	completionTime = 3 * time.Second
	// maxCompletions caps the names that are asked for.
	maxCompletions = "500"
	// namesOnly asks for objects without their specification and status.
	namesOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// noFiles completes with nothing, not even with the names of files.
const noFiles = cobra.ShellCompDirectiveNoFileComp

// completeName completes a single NAME of resource, which is machines or instances.
func completeName(client *client, resource string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, noFiles
		}
		return client.names(cmd.Context(), resource, "", typed), noFiles
	}
}

// completeKindAndName completes NAME, KIND/NAME and KIND NAME, as parseTarget reads them; a bare NAME is of the
// resource bare.
func completeKindAndName(client *client, bare string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		switch {
		case len(args) > 1:
			return nil, noFiles
		case len(args) == 1:
			resource, err := resourceOf(args[0])
			if err != nil {
				return nil, noFiles
			}
			return client.names(cmd.Context(), resource, "", typed), noFiles
		case strings.Contains(typed, "/"):
			return client.places(cmd.Context(), "", typed)
		}
		return append(kinds(typed), client.names(cmd.Context(), bare, "", typed)...), noFiles
	}
}

// completePlace completes [USER@]TYPE/NAME as the first argument, and hands further ones to next, which may be nil.
func completePlace(client *client, next cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			if next == nil {
				return nil, noFiles
			}
			return next(cmd, args, typed)
		}
		user, rest, found := strings.Cut(typed, "@")
		if found {
			user += "@"
		} else {
			user, rest = "", typed
		}
		return client.places(cmd.Context(), user, rest)
	}
}

// completePlaceOrName completes NAME of a virtual machine, and TYPE/NAME.
func completePlaceOrName(client *client) cobra.CompletionFunc {
	place := completePlace(client, nil)
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 || strings.ContainsAny(typed, "/@") {
			return place(cmd, args, typed)
		}
		return client.names(cmd.Context(), machines, "", typed), noFiles
	}
}

// places completes TYPE/NAME; lead is what stands before it.
func (c *client) places(ctx context.Context, lead, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	kind, name, found := strings.Cut(typed, "/")
	if !found {
		var out []cobra.Completion
		for _, kind := range []string{"vm/", "vmi/"} {
			if strings.HasPrefix(kind, typed) {
				out = append(out, lead+kind)
			}
		}
		// A name follows right behind the slash.
		return out, noFiles | cobra.ShellCompDirectiveNoSpace
	}
	resource, err := resourceOf(kind)
	if err != nil {
		return nil, noFiles
	}
	return c.names(ctx, resource, lead+kind+"/", name), noFiles
}

// kinds completes KIND.
func kinds(typed string) []cobra.Completion {
	return slices.DeleteFunc([]cobra.Completion{"vm", "vmi"}, func(kind string) bool { return !strings.HasPrefix(kind, typed) })
}

// names returns the names of a resource that begin with typed, each behind lead. Whatever goes wrong, there is nothing
// to offer: who completes is not the one to tell.
func (c *client) names(ctx context.Context, resource, lead, typed string) []cobra.Completion {
	_, namespace, err := c.config()
	if err != nil {
		cobra.CompDebugln(err.Error(), false)
		return nil
	}
	return c.listed(ctx, lead, typed, objectsPath, "namespaces", namespace, resource)
}

// listed returns the names of the objects at path that begin with typed.
func (c *client) listed(ctx context.Context, lead, typed string, path ...string) []cobra.Completion {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	connection, err := c.open()
	if err != nil {
		cobra.CompDebugln(err.Error(), false)
		return nil
	}
	list := &metav1.PartialObjectMetadataList{}
	request := connection.requests.Get().AbsPath(path...).Param("limit", maxCompletions).SetHeader("Accept", namesOnly)
	if err := connection.do(ctx, request, nil, list); err != nil {
		cobra.CompDebugln(err.Error(), false)
		return nil
	}
	var out []cobra.Completion
	for _, object := range list.Items {
		if strings.HasPrefix(object.Name, typed) {
			out = append(out, lead+object.Name)
		}
	}
	return out
}

// completeFlags completes the values of flags that every command takes.
func completeFlags(root *cobra.Command, client *client) {
	namespaces := func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return client.listed(cmd.Context(), "", typed, corePath, "namespaces"), noFiles
	}
	entries := func(section func(*api.Config) []string) cobra.CompletionFunc {
		return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			config, err := client.rules.Load()
			if err != nil {
				return nil, noFiles
			}
			return slices.DeleteFunc(section(config), func(name string) bool { return !strings.HasPrefix(name, typed) }), noFiles
		}
	}
	for flag, complete := range map[string]cobra.CompletionFunc{
		"namespace": namespaces,
		"context":   entries(func(c *api.Config) []string { return slices.Sorted(maps.Keys(c.Contexts)) }),
		"cluster":   entries(func(c *api.Config) []string { return slices.Sorted(maps.Keys(c.Clusters)) }),
		"user":      entries(func(c *api.Config) []string { return slices.Sorted(maps.Keys(c.AuthInfos)) }),
	} {
		must(root.RegisterFlagCompletionFunc(flag, complete))
	}
}

// must reports a mistake of ours that every run of the program would show.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
