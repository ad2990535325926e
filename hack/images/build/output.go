// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// Record is one line of images.json: what an archive holds. Tar is the name of a file in the same
// directory, Digest the digest of the image manifest.
type Record struct {
	Ref    string `json:"ref"`
	Tar    string `json:"tar"`
	Digest string `json:"digest"`
	// OnDemand is set for images that not everybody wants.
	OnDemand bool `json:"onDemand,omitempty"`
}

// Output is the directory of archives with its images.json.
type Output struct {
	dir, registry, tag string
	records            map[string]Record // by file name
}

// OpenOutput reads what a directory holds already; records without their archive are forgotten.
func OpenOutput(dir, registry, tag string) (*Output, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open output: %w", err)
	}
	if err := sweepFiles(filepath.Join(dir, ".image-*")); err != nil {
		return nil, err
	}
	out := &Output{dir: dir, registry: registry, tag: tag, records: map[string]Record{}}
	raw, err := os.ReadFile(out.listPath())
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open output: %w", err)
	}
	var records []Record
	if err := json.Unmarshal(raw, &records); err != nil {
		return nil, fmt.Errorf("open output: read %s: %w", out.listPath(), err)
	}
	for _, record := range records {
		if _, err := os.Stat(filepath.Join(dir, record.Tar)); err == nil {
			out.records[record.Tar] = record
		}
	}
	return out, nil
}

// Build builds an image and writes its archive unless the same one is there.
func (o *Output) Build(e *Env, image Image) error {
	built, err := image.Build(e)
	if err != nil {
		return err
	}
	digest, err := built.Digest()
	if err != nil {
		return fmt.Errorf("digest %s: %w", image.Name, err)
	}
	record := Record{Ref: o.registry + "/" + image.Name + ":" + o.tag, Tar: image.Name + ".tar", Digest: digest.String(), OnDemand: image.OnDemand}
	if o.records[record.Tar] == record {
		return nil
	}
	// Without its record an archive that is half replaced cannot be taken for the old one.
	delete(o.records, record.Tar)
	if err := o.save(); err != nil {
		return err
	}
	if err := archive.SaveImage(filepath.Join(o.dir, record.Tar), record.Ref, built); err != nil {
		return err
	}
	o.records[record.Tar] = record
	e.Log("%s: wrote %s", image.Name, record.Ref)
	return o.save()
}

func (o *Output) listPath() string { return filepath.Join(o.dir, "images.json") }

func (o *Output) save() error {
	records := []Record{}
	for _, record := range o.records {
		records = append(records, record)
	}
	sort.Slice(records, func(i, j int) bool { return records[i].Ref < records[j].Ref })
	raw, err := json.MarshalIndent(records, "", "  ")
	if err != nil {
		return fmt.Errorf("save images.json: %w", err)
	}
	return archive.WriteFile(o.listPath(), append(raw, '\n'))
}
