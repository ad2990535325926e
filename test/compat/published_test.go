// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/virtplane/virtplane/apis/kubevirt/support"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// source is the module with the published example manifests, of the version of the API module in go.mod.
const source = "kubevirt.io/kubevirt@v1.9.0"

// module returns the directory of a Go module, which is downloaded if it is not there.
func module(t *testing.T, arguments ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", arguments...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s%s", strings.Join(arguments, " "), err, stderr.String(), out)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(out, &found); err != nil || found.Dir == "" {
		t.Fatalf("go %s: %v: %s", strings.Join(arguments, " "), err, out)
	}
	return found.Dir
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: there are no such files (%v)", pattern, err)
	}
	return list
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestObjectsOfReleasesPassUnchanged takes the objects with which the published module guards its own releases:
// every field of each is set.
func TestObjectsOfReleasesPassUnchanged(t *testing.T) {
	dir := module(t, "list", "-m", "-json", "kubevirt.io/api")
	for _, file := range files(t, filepath.Join(dir, "apitesting", "testdata", "*", "*.json")) {
		kind := strings.Split(filepath.Base(file), ".")[3]
		t.Run(filepath.Base(filepath.Dir(file))+"/"+kind, func(t *testing.T) {
			// Numbers stand there for the field that they are in, some of them just below 2^64.
			data := huge.ReplaceAll(read(t, file), []byte("9223372036854775$1"))
			same(t, data, encode(t, store(t, pairOf(t, kind), data)))
		})
	}
}

var huge = regexp.MustCompile(`\b1844674407370955(\d{3})\d\b`)

func pairOf(t *testing.T, kind string) pair {
	t.Helper()
	for _, p := range objects {
		if p.name() == kind {
			return p
		}
	}
	t.Fatalf("there is no type %s", kind)
	return pair{}
}

// TestPublishedExamplesAreRead takes the example manifests of the published project: what they say is still there
// after they were stored.
func TestPublishedExamplesAreRead(t *testing.T) {
	dir := module(t, "mod", "download", "-json", source)
	seen := 0
	for _, file := range files(t, filepath.Join(dir, "examples", "*.yaml")) {
		for i, document := range documents(t, read(t, file)) {
			var object struct{ APIVersion, Kind string }
			if err := json.Unmarshal(document, &object); err != nil {
				t.Fatal(err)
			}
			if object.APIVersion != "kubevirt.io/v1" || (object.Kind != "VirtualMachine" && object.Kind != "VirtualMachineInstance") {
				continue
			}
			seen++
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(file), i), func(t *testing.T) {
				stored := store(t, pairOf(t, object.Kind), document)
				contains(t, document, encode(t, stored))
				if errs := refusals(stored); len(errs) > 0 {
					t.Logf("is read, and refused: %v", errs.ToAggregate())
				}
			})
		}
	}
	if seen < 30 {
		t.Errorf("only %d virtual machines and instances were found", seen)
	}
}

func refusals(object any) field.ErrorList {
	switch o := object.(type) {
	case *v1.VirtualMachine:
		errs := support.RefusedVM(&o.Spec, field.NewPath("spec"))
		return append(errs, support.Refused(&o.Spec.Template.Spec, field.NewPath("spec", "template", "spec"))...)
	case *v1.VirtualMachineInstance:
		return support.Refused(&o.Spec, field.NewPath("spec"))
	}
	return nil
}

// documents returns the documents of a YAML file as JSON.
func documents(t *testing.T, data []byte) [][]byte {
	t.Helper()
	var list [][]byte
	reader := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(data)))
	defer reader.Close()
	buffer := make([]byte, len(data)+1)
	for {
		n, err := reader.Read(buffer)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		document, err := yaml.YAMLToJSONStrict(buffer[:n])
		if err != nil {
			t.Fatal(err)
		}
		if string(document) != "null" {
			list = append(list, document)
		}
	}
}

// contains checks that all of one JSON document is in the other, which may hold more.
func contains(t *testing.T, part, whole []byte) {
	t.Helper()
	var a, b any
	decode(t, part, &a)
	decode(t, whole, &b)
	for _, missing := range missing("", a, b) {
		t.Error(missing)
	}
}

func missing(path string, part, whole any) []string {
	var list []string
	switch p := part.(type) {
	case map[string]any:
		w, _ := whole.(map[string]any)
		for key, value := range p {
			if _, ok := w[key]; !ok && !empty(value) {
				list = append(list, fmt.Sprintf("%s.%s: is lost", path, key))
				continue
			}
			list = append(list, missing(path+"."+key, value, w[key])...)
		}
	case []any:
		w, _ := whole.([]any)
		if len(w) != len(p) {
			return []string{fmt.Sprintf("%s: has %d items, had %d", path, len(w), len(p))}
		}
		for i := range p {
			list = append(list, missing(fmt.Sprintf("%s[%d]", path, i), p[i], w[i])...)
		}
	default:
		if part != whole && !empty(part) {
			list = append(list, fmt.Sprintf("%s: %v became %v", path, part, whole))
		}
	}
	return list
}

// empty tells that a value may be left out: false, 0, null, an empty text, list or object.
func empty(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	case bool:
		return !v
	case string:
		return v == ""
	case int64:
		return v == 0
	case float64:
		return v == 0
	}
	return value == nil
}
