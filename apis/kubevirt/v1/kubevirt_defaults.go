// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// SetDefaults_KubeVirt leaves the settings as the user wrote them: what a setting means that is left out may
// change with the version, and nothing of it shall be written into the object.
func SetDefaults_KubeVirt(kv *KubeVirt) {
	c := &kv.Spec.Configuration
	capConfiguration(c)
	settleQuantities(c.CPURequest)
	if c.MigrationConfiguration != nil {
		settleQuantities(c.MigrationConfiguration.BandwidthPerMigration)
	}
	if c.LiveUpdateConfiguration != nil {
		settleQuantities(c.LiveUpdateConfiguration.MaxGuest)
	}
	if c.DeveloperConfiguration != nil && c.DeveloperConfiguration.DiskVerification != nil {
		settleQuantities(c.DeveloperConfiguration.DiskVerification.MemoryLimit)
	}
}

// Condition returns the condition of type t, or nil.
func (kv *KubeVirt) Condition(t KubeVirtConditionType) *KubeVirtCondition {
	for i := range kv.Status.Conditions {
		if kv.Status.Conditions[i].Type == t {
			return &kv.Status.Conditions[i]
		}
	}
	return nil
}
