// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/virtplane/virtplane/hack/cluster/build"
	"github.com/virtplane/virtplane/hack/cluster/kube"
	"github.com/virtplane/virtplane/hack/cluster/progress"
	"github.com/virtplane/virtplane/hack/cluster/settings"
)

// ctr is containerd's client inside a node, for the images that the kubelet sees.
var ctr = []string{"/opt/containerd/ctr", "--namespace=k8s.io", "images"}

// ContentRef is the name of an image with a tag that follows from its content: a Deployment that names it rolls out
// when the image has changed, and only then.
func ContentRef(image build.Image) string {
	name, _, _ := strings.Cut(image.Ref, ":")
	return name + ":" + ContentTag(image)
}

// ContentTag is the tag of ContentRef.
func ContentTag(image build.Image) string {
	digest := strings.TrimPrefix(image.Digest, "sha256:")
	return "dev-" + digest[:min(12, len(digest))]
}

// Load brings the images into every node that does not have them yet, and returns how many it brought.
func Load(ctx context.Context, s *settings.Settings, images []build.Image) (int, error) {
	var (
		group  sync.WaitGroup
		mu     sync.Mutex
		loaded int
		failed error
	)
	for index := 1; index <= s.Nodes; index++ {
		node := kube.NodeName(index)
		group.Go(func() {
			count, err := loadNode(ctx, s, node, images)
			mu.Lock()
			defer mu.Unlock()
			loaded += count
			if err != nil && failed == nil {
				failed = fmt.Errorf("load images into %s: %w", node, err)
			}
		})
	}
	group.Wait()
	return loaded, failed
}

func loadNode(ctx context.Context, s *settings.Settings, node string, images []build.Image) (int, error) {
	present, err := nodeImages(ctx, s, node)
	if err != nil {
		return 0, err
	}
	loaded := 0
	for _, image := range images {
		if present[image.Ref] == image.Digest && present[ContentRef(image)] == image.Digest {
			continue
		}
		if err := importImage(ctx, s, node, image); err != nil {
			return loaded, err
		}
		loaded++
	}
	return loaded, nil
}

func importImage(ctx context.Context, s *settings.Settings, node string, image build.Image) error {
	archive, err := os.Open(image.Tar)
	if err != nil {
		return err
	}
	defer archive.Close()
	load, err := Enter(s, node, append(ctr, "import", "-")...)
	if err != nil {
		return err
	}
	load.Stdin = archive
	if _, err := progress.Run(ctx, load); err != nil {
		return err
	}
	tag, err := Enter(s, node, append(ctr, "tag", "--force", image.Ref, ContentRef(image))...)
	if err != nil {
		return err
	}
	_, err = progress.Run(ctx, tag)
	return err
}

// nodeImages returns the digests of the images in a node by their names.
func nodeImages(ctx context.Context, s *settings.Settings, node string) (map[string]string, error) {
	list, err := Enter(s, node, append(ctr, "list")...)
	if err != nil {
		return nil, err
	}
	output, err := progress.Run(ctx, list)
	if err != nil {
		return nil, err
	}
	return parseImages(output), nil
}

// parseImages reads the table "REF TYPE DIGEST ..." of ctr.
func parseImages(table string) map[string]string {
	digests := map[string]string{}
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); len(fields) > 3 && strings.HasPrefix(fields[2], "sha256:") {
			digests[fields[0]] = fields[2]
		}
	}
	return digests
}
