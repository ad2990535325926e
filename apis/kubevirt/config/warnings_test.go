// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// withSpec returns a KubeVirt with the spec that a user would type.
func withSpec(t *testing.T, text string) *v1.KubeVirt {
	t.Helper()
	kv := &v1.KubeVirt{}
	kv.Name, kv.Namespace = v1.KubeVirtName, "virt"
	if err := yaml.UnmarshalStrict([]byte(text), &kv.Spec); err != nil {
		t.Fatal(err)
	}
	return kv
}

func TestWhatChangesNothingIsNamed(t *testing.T) {
	for _, c := range []struct {
		name, old, spec string
		want            []string
	}{
		{name: "nothing is set", spec: "{}"},
		{name: "only used fields are set", spec: "configuration: {cpuModel: Nehalem, network: {defaultNetworkInterface: masquerade}, evictionStrategy: None}"},
		{
			name: "empty groups",
			spec: "{certificateRotateStrategy: {}, configuration: {developerConfiguration: {logVerbosity: {}}}, workloadUpdateStrategy: {}, customizeComponents: {}}",
		},
		{
			name: "fields at every depth",
			spec: "{imageTag: v1, infra: {replicas: 2}, configuration: {migrations: {allowPostCopy: true}, developerConfiguration: {logVerbosity: {virtAPI: 3, virtOperator: 3}}}}",
			want: []string{
				"spec.imageTag is not used by virtplane: the manifests of the installation hold it",
				"spec.configuration.developerConfiguration.logVerbosity.virtOperator is not used by virtplane: there is no such component",
				"spec.configuration.migrations is not used by virtplane: guests do not migrate yet",
				"spec.infra is not used by virtplane: the manifests of the installation hold it",
			},
		},
		{
			name: "what was there before is not named again",
			old:  "{imageTag: v1, infra: {replicas: 2}, configuration: {migrations: {allowPostCopy: true}}}",
			spec: "{imageTag: v1, infra: {replicas: 3}, configuration: {migrations: {allowPostCopy: true}, developerConfiguration: {clusterProfiler: true}}}",
			want: []string{
				"spec.configuration.developerConfiguration.clusterProfiler is not used by virtplane: there is no such feature yet",
				"spec.infra is not used by virtplane: the manifests of the installation hold it",
			},
		},
		{
			name: "values",
			spec: "configuration: {network: {defaultNetworkInterface: bridge}, evictionStrategy: LiveMigrate, developerConfiguration: {featureGates: [Snapshot, Warp], disabledFeatureGates: [Woof]}}",
			want: []string{
				`spec.configuration.network.defaultNetworkInterface "bridge" is not used by virtplane: instances get masquerade`,
				`spec.configuration.evictionStrategy "LiveMigrate" does not keep guests running yet: an eviction shuts them down`,
				`spec.configuration.developerConfiguration.featureGates[1]: there is no feature gate "Warp"`,
				`spec.configuration.developerConfiguration.disabledFeatureGates[0]: there is no feature gate "Woof"`,
			},
		},
		{
			name: "values that were there before",
			old:  "configuration: {network: {defaultNetworkInterface: bridge}, evictionStrategy: LiveMigrate, developerConfiguration: {featureGates: [Warp]}}",
			spec: "configuration: {network: {defaultNetworkInterface: bridge}, evictionStrategy: LiveMigrate, developerConfiguration: {featureGates: [Warp, Snapshot]}}",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var old *v1.KubeVirt
			if c.old != "" {
				old = withSpec(t, c.old)
			}
			if diff := cmp.Diff(c.want, Warnings(withSpec(t, c.spec), old)); diff != "" {
				t.Errorf("warnings (- want, + got):\n%s", diff)
			}
		})
	}
}
