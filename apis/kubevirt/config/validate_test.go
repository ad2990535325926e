// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func messages(errs field.ErrorList) []string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
	}
	return out
}

func TestASpecIsCheckedAllAtOnce(t *testing.T) {
	for _, c := range []struct {
		name, spec string
		want       []string
	}{
		{name: "nothing is set", spec: "{}"},
		{
			name: "all that is used is set",
			spec: `{infra: {replicas: 255}, configuration: {
  cpuModel: EPYC-v4, cpuRequest: 250m, imagePullPolicy: Never, evictionStrategy: External, additionalGuestMemoryOverheadRatio: "1.5",
  defaultRuntimeClass: kata.example.com, machineType: pc-q35-9.2, network: {defaultNetworkInterface: bridge},
  architectureConfiguration: {defaultArchitecture: amd64, amd64: {machineType: q35}}, tlsConfiguration: {minTLSVersion: VersionTLS12},
  roleAggregationStrategy: AggregateToDefault,
  developerConfiguration: {memoryOvercommit: 10, cpuAllocationRatio: 1, nodeSelectors: {disk: ssd}, useEmulation: true,
    featureGates: [VSOCK], disabledFeatureGates: [Snapshot],
    logVerbosity: {virtAPI: 10, virtController: 9, virtHandler: 8, virtLauncher: 7, nodeVerbosity: {node-1: 5}}}}}`,
		},
		{
			name: "everything is wrong",
			spec: `{infra: {replicas: 256}, configuration: {
  cpuModel: "host model", cpuRequest: "0", imagePullPolicy: Sometimes, evictionStrategy: Panic, additionalGuestMemoryOverheadRatio: "0.9",
  defaultRuntimeClass: Kata, machineType: pc-i440fx-9.2, network: {defaultNetworkInterface: slirp},
  architectureConfiguration: {defaultArchitecture: arm64, amd64: {machineType: virt}}, tlsConfiguration: {minTLSVersion: VersionTLS13},
  roleAggregationStrategy: Manual,
  developerConfiguration: {memoryOvercommit: 9, cpuAllocationRatio: -1, nodeSelectors: {"a b": c},
    featureGates: [VSOCK], disabledFeatureGates: [VSOCK],
    logVerbosity: {virtAPI: 11, virtController: 11, virtHandler: -1, virtLauncher: 11, nodeVerbosity: {Node: 11}}}}}`,
			want: []string{
				"spec.infra.replicas: Invalid value: 256: must be at most 255",
				`spec.configuration.cpuModel: Invalid value: "host model": must be host-model, host-passthrough or the name of a CPU model`,
				`spec.configuration.cpuRequest: Invalid value: "0": must be more than 0`,
				`spec.configuration.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`,
				`spec.configuration.evictionStrategy: Unsupported value: "Panic": supported values: "None", "LiveMigrate", "LiveMigrateIfPossible", "External"`,
				`spec.configuration.additionalGuestMemoryOverheadRatio: Invalid value: "0.9": must be a decimal number from 1 to 100, such as "1.5"`,
				`spec.configuration.defaultRuntimeClass: Invalid value: "Kata": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
				`spec.configuration.machineType: Invalid value: "pc-i440fx-9.2": must be q35 or pc-q35-VERSION`,
				`spec.configuration.architectureConfiguration.amd64.machineType: Invalid value: "virt": must be q35 or pc-q35-VERSION`,
				`spec.configuration.architectureConfiguration.defaultArchitecture: Unsupported value: "arm64": supported values: "amd64"`,
				"spec.configuration.tlsConfiguration.minTLSVersion: Forbidden: is not read from here: start virt-apiserver with --tls-min-version=VersionTLS13 and remove the field",
				"spec.configuration.roleAggregationStrategy: Forbidden: is not read from here: remove the labels rbac.authorization.k8s.io/aggregate-to-* from the ClusterRoles of the installation and remove the field",
				`spec.configuration.network.defaultNetworkInterface: Unsupported value: "slirp": supported values: "masquerade", "bridge"`,
				"spec.configuration.developerConfiguration.memoryOvercommit: Invalid value: 9: must be between 10 and 10000",
				"spec.configuration.developerConfiguration.cpuAllocationRatio: Invalid value: -1: must be between 1 and 10000",
				`spec.configuration.developerConfiguration.nodeSelectors: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
				`spec.configuration.developerConfiguration.disabledFeatureGates[0]: Invalid value: "VSOCK": is in featureGates as well; remove one of the two`,
				"spec.configuration.developerConfiguration.logVerbosity.virtAPI: Invalid value: 11: must be between 0 and 10",
				"spec.configuration.developerConfiguration.logVerbosity.virtController: Invalid value: 11: must be between 0 and 10",
				"spec.configuration.developerConfiguration.logVerbosity.virtHandler: Invalid value: -1: must be between 0 and 10",
				"spec.configuration.developerConfiguration.logVerbosity.virtLauncher: Invalid value: 11: must be between 0 and 10",
				`spec.configuration.developerConfiguration.logVerbosity.nodeVerbosity[Node]: Invalid value: "Node": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
				"spec.configuration.developerConfiguration.logVerbosity.nodeVerbosity[Node]: Invalid value: 11: must be between 0 and 10",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, messages(Validate(withSpec(t, c.spec), "virt"))); diff != "" {
				t.Errorf("problems (- want, + got):\n%s", diff)
			}
		})
	}
}

func TestThereIsOneObjectOfOneName(t *testing.T) {
	const why = `: there is one object with the settings of virtplane, "kubevirt" in namespace "virt", and virtplane makes it; change that one`
	kv := withSpec(t, "{}")
	kv.Name, kv.Namespace = "second", "elsewhere"
	want := []string{`metadata.namespace: Invalid value: "elsewhere"` + why, `metadata.name: Invalid value: "second"` + why}
	if diff := cmp.Diff(want, messages(Validate(kv, "virt"))); diff != "" {
		t.Errorf("problems (- want, + got):\n%s", diff)
	}
}

func TestALaterRuleKeepsNobodyFromChangingLabels(t *testing.T) {
	old := withSpec(t, "configuration: {imagePullPolicy: Sometimes}")
	old.ResourceVersion = "1"
	labelled := old.DeepCopy()
	labelled.Labels = map[string]string{"a": "b"}
	if errs := ValidateUpdate(labelled, old); len(errs) > 0 {
		t.Errorf("a label: %v", errs)
	}
	changed := old.DeepCopy()
	changed.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{UseEmulation: true}
	if errs := ValidateUpdate(changed, old); len(errs) != 1 || errs[0].Field != "spec.configuration.imagePullPolicy" {
		t.Errorf("a changed spec: %v", errs)
	}
}
