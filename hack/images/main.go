// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Command images builds the project's container images as OCI archives, ready for
// `ctr -n k8s.io images import`, without Docker and without a registry.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/virtplane/virtplane/hack/images/build"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("images", flag.ExitOnError)
	binDir := flags.String("bin-dir", "bin", "directory of our binaries")
	cacheDir := flags.String("cache-dir", defaultCacheDir(), "directory for layers and disks that are built once")
	outDir := flags.String("out-dir", "", "directory for the archives and images.json (default CACHE-DIR/out)")
	sourceDir := flags.String("source-dir", "", "directory that says what goes into the images (default: artifacts/images above the working directory)")
	only := flags.String("only", "", "names of the images to build, separated by commas (default: all but guest-debian)")
	registry := flags.String("registry", "virtplane.io", "first part of the image references")
	tag := flags.String("tag", "dev", "tag of the image references")
	list := flags.Bool("list", false, "print the names of the images and stop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *list {
		for _, image := range build.Catalog() {
			fmt.Println(image.Name)
		}
		return nil
	}
	if *sourceDir == "" {
		var err error
		if *sourceDir, err = findSource(); err != nil {
			return err
		}
	}
	if *outDir == "" {
		*outDir = filepath.Join(*cacheDir, "out")
	}
	// Tools that run elsewhere are given paths below it.
	absolute, err := filepath.Abs(*cacheDir)
	if err != nil {
		return err
	}
	images, err := build.Select(splitList(*only))
	if err != nil {
		return err
	}
	start := time.Now()
	env := &build.Env{BinDir: *binDir, CacheDir: absolute, SourceDir: *sourceDir, Log: func(format string, args ...any) {
		fmt.Printf("[%5.1fs] %s\n", time.Since(start).Seconds(), fmt.Sprintf(format, args...))
	}}
	if err := env.Sweep(); err != nil {
		return err
	}
	out, err := build.OpenOutput(*outDir, *registry, *tag)
	if err != nil {
		return err
	}
	for _, image := range images {
		env.Log("%s", image.Name)
		if err := out.Build(env, image); err != nil {
			return err
		}
	}
	return nil
}

func defaultCacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "virtplane", "images")
}

// findSource looks for artifacts/images in the working directory and above it.
func findSource() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		path := filepath.Join(dir, "artifacts", "images")
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return path, nil
		}
		if filepath.Dir(dir) == dir {
			return "", fmt.Errorf("no artifacts/images here or above: run in the project's tree or give --source-dir")
		}
		dir = filepath.Dir(dir)
	}
}

func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}
