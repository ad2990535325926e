// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package controller is virt-controller: it starts and stops instances for virtual machines, makes
// launcher pods for instances, and labels the nodes that can run them.
package controller

import (
	"flag"
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/klog/v2"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

// Options are the flags of virt-controller.
type Options struct {
	Kubeconfig    string
	Namespace     string
	LauncherImage string
	UseEmulation  bool
	LeaderElect   bool
	QPS           float32
	Burst         int
	Concurrency   int
	HealthPort    int
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	return &Options{
		Namespace:   "virtplane-system",
		LeaderElect: true,
		QPS:         200,
		Burst:       400,
		Concurrency: 10,
		HealthPort:  8187,
	}
}

// AddFlags adds the flags to fs.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "Kubeconfig file; empty for the service account of the pod.")
	fs.StringVar(&o.Namespace, "namespace", o.Namespace, "Namespace that virtplane is installed in; holds the leader lease and the node plugins.")
	fs.StringVar(&o.LauncherImage, "launcher-image", o.LauncherImage, "Image of virt-launcher.")
	fs.BoolVar(&o.UseEmulation, "use-emulation", o.UseEmulation, "Run guests without hardware virtualization, whatever the KubeVirt object says.")
	fs.BoolVar(&o.LeaderElect, "leader-elect", o.LeaderElect, "Work only while holding the leader lease; needed with more than one replica.")
	fs.Float32Var(&o.QPS, "kube-api-qps", o.QPS, "Requests per second to the API server.")
	fs.IntVar(&o.Burst, "kube-api-burst", o.Burst, "Requests at once to the API server.")
	fs.IntVar(&o.Concurrency, "concurrency", o.Concurrency, "Objects of each kind that are worked on at once.")
	fs.IntVar(&o.HealthPort, "health-port", o.HealthPort, "Port of /healthz, /readyz and /metrics, over HTTP.")
	logging := flag.NewFlagSet("logging", flag.ContinueOnError)
	klog.InitFlags(logging)
	fs.AddGoFlag(logging.Lookup("v"))
}

// Validate returns all that is wrong with the options.
func (o *Options) Validate() []error {
	var errs []error
	if o.LauncherImage == "" {
		errs = append(errs, fmt.Errorf("--launcher-image: is required"))
	}
	if o.Namespace == "" {
		errs = append(errs, fmt.Errorf("--namespace: must not be empty"))
	}
	for _, number := range []struct {
		flag  string
		value int
	}{
		{"--kube-api-burst", o.Burst},
		{"--concurrency", o.Concurrency},
		{"--health-port", o.HealthPort},
	} {
		if number.value < 1 {
			errs = append(errs, fmt.Errorf("%s: %d must be at least 1", number.flag, number.value))
		}
	}
	if o.QPS <= 0 {
		errs = append(errs, fmt.Errorf("--kube-api-qps: %g must be more than 0", o.QPS))
	}
	return errs
}

// template says how pods look by the flags and the settings in force.
func (o *Options) template(settings config.Config) template.Options {
	launchers := settings.Launchers
	launchers.UseEmulation = launchers.UseEmulation || o.UseEmulation
	return template.Options{Image: o.LauncherImage, Verbosity: settings.Verbosity.Launcher, Launchers: launchers}
}

// initial is the spec of the KubeVirt object that is made when there is none. Clients look there for what a flag has
// decided.
func (o *Options) initial() v1.KubeVirtSpec {
	spec := v1.KubeVirtSpec{}
	if o.UseEmulation {
		spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{UseEmulation: true}
	}
	return spec
}
