// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Bindings of the pod network that a default can be.
const (
	masquerade = "masquerade"
	bridge     = "bridge"
)

// maxReplicas is what the published type of the field holds; clients could not read more.
const maxReplicas = 255

var (
	machineType = regexp.MustCompile(`^(q35|pc-q35-[a-z0-9.]+)$`)
	cpuModel    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
)

// Validate returns every problem of a new KubeVirt in an installation in namespace.
func Validate(kv *v1.KubeVirt, namespace string) field.ErrorList {
	meta := field.NewPath("metadata")
	errs := validation.ValidateObjectMeta(&kv.ObjectMeta, true, validation.NameIsDNSSubdomain, meta)
	why := fmt.Sprintf("there is one object with the settings of virtplane, %q in namespace %q, and virtplane makes it; change that one",
		v1.KubeVirtName, namespace)
	if kv.Namespace != namespace {
		errs = append(errs, field.Invalid(meta.Child("namespace"), kv.Namespace, why))
	}
	// A fixed name is what keeps two replicas of the server from letting two objects in at once.
	if kv.Name != v1.KubeVirtName {
		errs = append(errs, field.Invalid(meta.Child("name"), kv.Name, why))
	}
	return append(errs, validateSpec(&kv.Spec)...)
}

// ValidateUpdate returns every problem of a changed KubeVirt.
func ValidateUpdate(kv, old *v1.KubeVirt) field.ErrorList {
	errs := validation.ValidateObjectMetaUpdate(&kv.ObjectMeta, &old.ObjectMeta, field.NewPath("metadata"))
	if equality.Semantic.DeepEqual(kv.Spec, old.Spec) {
		// A rule that came later must not keep labels of an older object from being changed.
		return errs
	}
	return append(errs, validateSpec(&kv.Spec)...)
}

func validateSpec(spec *v1.KubeVirtSpec) field.ErrorList {
	path := field.NewPath("spec")
	var errs field.ErrorList
	for _, component := range []struct {
		name   string
		config *v1.ComponentConfig
	}{{"infra", spec.Infra}, {"workloads", spec.Workloads}} {
		if c := component.config; c != nil && c.Replicas != nil && *c.Replicas > maxReplicas {
			errs = append(errs, field.Invalid(path.Child(component.name, "replicas"), *c.Replicas, fmt.Sprintf("must be at most %d", maxReplicas)))
		}
	}
	return append(errs, configuration(&spec.Configuration, path.Child("configuration"))...)
}

func configuration(c *v1.KubeVirtConfiguration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.CPUModel != "" && !cpuModel.MatchString(c.CPUModel) {
		errs = append(errs, field.Invalid(path.Child("cpuModel"), c.CPUModel, "must be host-model, host-passthrough or the name of a CPU model"))
	}
	if q := c.CPURequest; q != nil && q.Sign() <= 0 {
		errs = append(errs, field.Invalid(path.Child("cpuRequest"), q.String(), "must be more than 0"))
	}
	if p := c.ImagePullPolicy; p != "" && !slices.Contains(PullPolicies, p) {
		errs = append(errs, field.NotSupported(path.Child("imagePullPolicy"), p, PullPolicies))
	}
	if s := c.EvictionStrategy; s != nil && !slices.Contains(EvictionStrategies, *s) {
		errs = append(errs, field.NotSupported(path.Child("evictionStrategy"), *s, EvictionStrategies))
	}
	if r := c.AdditionalGuestMemoryOverheadRatio; r != nil {
		if _, ok := ParseOverheadRatio(*r); !ok {
			errs = append(errs, field.Invalid(path.Child("additionalGuestMemoryOverheadRatio"), *r,
				fmt.Sprintf("must be a decimal number from %d to %d, such as \"1.5\"", MinOverheadRatio, MaxOverheadRatio)))
		}
	}
	if name := c.DefaultRuntimeClass; name != "" {
		for _, problem := range utilvalidation.IsDNS1123Subdomain(name) {
			errs = append(errs, field.Invalid(path.Child("defaultRuntimeClass"), name, problem))
		}
	}
	errs = append(errs, architectures(c, path)...)
	errs = append(errs, security(c, path)...)
	if n := c.NetworkConfiguration; n != nil && n.NetworkInterface != "" && n.NetworkInterface != masquerade && n.NetworkInterface != bridge {
		errs = append(errs, field.NotSupported(path.Child("network", "defaultNetworkInterface"), n.NetworkInterface, []string{masquerade, bridge}))
	}
	return append(errs, developer(c.DeveloperConfiguration, path.Child("developerConfiguration"))...)
}

func architectures(c *v1.KubeVirtConfiguration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	machine := func(path *field.Path, name string) {
		if name != "" && !machineType.MatchString(name) {
			errs = append(errs, field.Invalid(path, name, "must be q35 or pc-q35-VERSION"))
		}
	}
	machine(path.Child("machineType"), c.MachineType)
	a, at := c.ArchitectureConfiguration, path.Child("architectureConfiguration")
	if a == nil {
		return errs
	}
	if a.Amd64 != nil {
		machine(at.Child("amd64", "machineType"), a.Amd64.MachineType)
	}
	if d := a.DefaultArchitecture; d != "" && d != DefaultArchitecture {
		errs = append(errs, field.NotSupported(at.Child("defaultArchitecture"), d, []string{DefaultArchitecture}))
	}
	return errs
}

// security refuses what an administrator would believe to be in force: the installation would be more open than it says.
func security(c *v1.KubeVirtConfiguration, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if t := c.TLSConfiguration; t != nil {
		at := path.Child("tlsConfiguration", "minTLSVersion")
		switch t.MinTLSVersion {
		case "", v1.VersionTLS10, v1.VersionTLS11, v1.VersionTLS12: // no server accepts less than 1.2
		case v1.VersionTLS13:
			errs = append(errs, field.Forbidden(at, "is not read from here: start virt-apiserver with --tls-min-version=VersionTLS13 and remove the field"))
		default:
			errs = append(errs, field.NotSupported(at, t.MinTLSVersion, []v1.TLSProtocolVersion{v1.VersionTLS10, v1.VersionTLS11, v1.VersionTLS12}))
		}
	}
	if s := c.RoleAggregationStrategy; s != nil && *s != v1.RoleAggregationStrategyAggregateToDefault {
		at := path.Child("roleAggregationStrategy")
		if *s == v1.RoleAggregationStrategyManual {
			return append(errs, field.Forbidden(at,
				"is not read from here: remove the labels rbac.authorization.k8s.io/aggregate-to-* from the ClusterRoles of the installation and remove the field"))
		}
		errs = append(errs, field.NotSupported(at, *s, []v1.RoleAggregationStrategy{v1.RoleAggregationStrategyAggregateToDefault}))
	}
	return errs
}

func developer(d *v1.DeveloperConfiguration, path *field.Path) field.ErrorList {
	if d == nil {
		return nil
	}
	var errs field.ErrorList
	for _, number := range []struct {
		field              string
		value, least, most int64
	}{
		{"memoryOvercommit", d.MemoryOvercommit, MinMemoryOvercommit, MaxMemoryOvercommit},
		{"cpuAllocationRatio", d.CPUAllocationRatio, 1, MaxCPUAllocationRatio},
	} {
		if number.value != 0 && (number.value < number.least || number.value > number.most) {
			errs = append(errs, field.Invalid(path.Child(number.field), number.value, fmt.Sprintf("must be between %d and %d", number.least, number.most)))
		}
	}
	errs = append(errs, metav1validation.ValidateLabels(d.NodeSelectors, path.Child("nodeSelectors"))...)
	for i, gate := range d.DisabledFeatureGates {
		if slices.Contains(d.FeatureGates, gate) {
			errs = append(errs, field.Invalid(path.Child("disabledFeatureGates").Index(i), gate, "is in featureGates as well; remove one of the two"))
		}
	}
	return append(errs, verbosity(d.LogVerbosity, path.Child("logVerbosity"))...)
}

func verbosity(l *v1.LogVerbosity, path *field.Path) field.ErrorList {
	if l == nil {
		return nil
	}
	var errs field.ErrorList
	level := func(path *field.Path, value int64) {
		if value < 0 || value > MaxVerbosity {
			errs = append(errs, field.Invalid(path, value, fmt.Sprintf("must be between 0 and %d", MaxVerbosity)))
		}
	}
	level(path.Child("virtAPI"), l.VirtAPI)
	level(path.Child("virtController"), l.VirtController)
	level(path.Child("virtHandler"), l.VirtHandler)
	level(path.Child("virtLauncher"), l.VirtLauncher)
	for node, value := range l.NodeVerbosity {
		at := path.Child("nodeVerbosity").Key(node)
		for _, problem := range utilvalidation.IsDNS1123Subdomain(node) {
			errs = append(errs, field.Invalid(at, node, problem))
		}
		level(at, value)
	}
	return errs
}
