// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package launcher runs one guest: it is the main process of the container that holds libvirtd and
// QEMU, and ends when the guest does.
package launcher

import (
	"errors"
	"flag"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
)

// Options are what the launcher is told on its command line.
type Options struct {
	// Name, Namespace and UID are the instance's.
	Name, Namespace, UID string
	// GracePeriodSeconds is how long the guest may take to shut down.
	GracePeriodSeconds int64
	// AllowEmulation permits a guest without hardware virtualization.
	AllowEmulation bool
}

// NewOptions returns the defaults.
func NewOptions() *Options { return &Options{GracePeriodSeconds: 30} }

// AddFlags adds the options to a flag set.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Name, "name", o.Name, "Name of the virtual machine instance.")
	fs.StringVar(&o.Namespace, "namespace", o.Namespace, "Namespace of the virtual machine instance.")
	fs.StringVar(&o.UID, "uid", o.UID, "UID of the virtual machine instance.")
	fs.Int64Var(&o.GracePeriodSeconds, "grace-period-seconds", o.GracePeriodSeconds,
		"Seconds that the guest may take to shut down before it is powered off.")
	fs.BoolVar(&o.AllowEmulation, "allow-emulation", o.AllowEmulation,
		"Run the guest in software where /dev/kvm is not available.")
	logging := flag.NewFlagSet("logging", flag.ContinueOnError)
	klog.InitFlags(logging)
	fs.AddGoFlag(logging.Lookup("v"))
}

// Validate returns all that is wrong with the options.
func (o *Options) Validate() []error {
	var errs []error
	if o.Name == "" {
		errs = append(errs, errors.New("--name is required"))
	}
	if o.Namespace == "" {
		errs = append(errs, errors.New("--namespace is required"))
	}
	if o.GracePeriodSeconds < 0 {
		errs = append(errs, errors.New("--grace-period-seconds must not be negative"))
	}
	return errs
}

func (o *Options) grace() time.Duration { return time.Duration(o.GracePeriodSeconds) * time.Second }
