// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// maxQuantity caps the text of a quantity: one with a huge exponent takes long to parse.
const maxQuantity = 32

// params are the parts of a flag's value: KEY:VALUE, separated by commas.
type params struct {
	flag, text string
	values     map[string]string
}

// parse reads the value of a flag that knows some keys.
func parse(flag, text string, known ...string) (*params, error) {
	p := &params{flag, text, map[string]string{}}
	for _, part := range strings.Split(text, ",") {
		key, value, found := strings.Cut(part, ":")
		_, twice := p.values[key]
		switch {
		case !found:
			return nil, p.errorf("%q is not KEY:VALUE; the keys are %s", part, strings.Join(known, ", "))
		case !slices.Contains(known, key):
			return nil, p.errorf("the key %q is not known; the keys are %s", key, strings.Join(known, ", "))
		case twice:
			return nil, p.errorf("%s is given twice", key)
		}
		p.values[key] = value
	}
	return p, nil
}

// errorf names the flag as it was typed.
func (p *params) errorf(format string, args ...any) error {
	return fmt.Errorf("--%s=%s: %w", p.flag, p.text, fmt.Errorf(format, args...))
}

func (p *params) get(key string) string { return p.values[key] }

// need returns values that have to be given.
func (p *params) need(keys ...string) error {
	for _, key := range keys {
		if p.values[key] == "" {
			return p.errorf("%s is missing", key)
		}
	}
	return nil
}

// list returns a value that is several, separated by semicolons.
func (p *params) list(key string) []string {
	if p.values[key] == "" {
		return nil
	}
	return strings.Split(p.values[key], ";")
}

// quantity returns a value such as 10Gi, or nil.
func (p *params) quantity(key string) (*resource.Quantity, error) {
	text := p.values[key]
	if text == "" {
		return nil, nil
	}
	q, err := quantity(text)
	if err != nil {
		return nil, p.errorf("%s: %w", key, err)
	}
	return q, nil
}

// quantity reads an amount, which is more than none.
func quantity(text string) (*resource.Quantity, error) {
	if len(text) > maxQuantity {
		return nil, fmt.Errorf("the quantity has more than %d characters", maxQuantity)
	}
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a quantity such as 10Gi", text)
	}
	if q.Sign() <= 0 {
		return nil, fmt.Errorf("%q is not more than 0", text)
	}
	return &q, nil
}

// bootOrder returns the place in the boot sequence, or nil.
func (p *params) bootOrder() (*int64, error) {
	text := p.values["bootorder"]
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		return nil, p.errorf("bootorder has to be 1 or more")
	}
	order := int64(n)
	return &order, nil
}

// local returns the name at key, which cannot be in another namespace.
func (p *params) local(key, what string) (string, error) {
	namespace, name, err := p.prefixed(key)
	if err == nil && namespace != "" {
		err = p.errorf("%s: the %s has to be in the namespace of the virtual machine; leave out %s/", key, what, namespace)
	}
	return name, err
}

// prefixed returns a value of the form PREFIX/NAME or NAME.
func (p *params) prefixed(key string) (prefix, name string, err error) {
	if err := p.need(key); err != nil {
		return "", "", err
	}
	if prefix, name, err = split(p.values[key]); err != nil {
		return "", "", p.errorf("%s: %w", key, err)
	}
	return prefix, name, nil
}

func split(text string) (prefix, name string, err error) {
	prefix, name, found := strings.Cut(text, "/")
	if !found {
		prefix, name = "", prefix
	}
	if problems := validation.IsDNS1123Subdomain(name); len(problems) > 0 {
		return "", "", fmt.Errorf("%q is not a valid name: %s", name, strings.Join(problems, ", "))
	}
	return prefix, name, nil
}
