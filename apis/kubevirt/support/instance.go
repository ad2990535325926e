// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

import "slices"

// Instance returns the rules of instances' specs, and of the templates in virtual machines.
func Instance() []Rule {
	return slices.Concat(life, placement, domain, devices, disks, interfaces, volumes)
}

var life = []Rule{
	implemented("spec.architecture", "amd64 alone"),
	implemented("spec.terminationGracePeriodSeconds"),
	implemented("spec.startStrategy"),
	stored("spec.evictionStrategy", "guests do not move to other nodes yet, so that every eviction shuts the guest down"),
	implemented("spec.livenessProbe.exec", "run by the guest agent, which has to allow guest-exec"),
	implemented("spec.livenessProbe.guestAgentPing", "succeeds while the guest is paused"),
	implemented("spec.livenessProbe.httpGet"),
	implemented("spec.livenessProbe.tcpSocket"),
	implemented("spec.livenessProbe.initialDelaySeconds"),
	implemented("spec.livenessProbe.timeoutSeconds"),
	implemented("spec.livenessProbe.periodSeconds"),
	implemented("spec.livenessProbe.successThreshold"),
	implemented("spec.livenessProbe.failureThreshold"),
	implemented("spec.readinessProbe.exec", "run by the guest agent, which has to allow guest-exec"),
	implemented("spec.readinessProbe.guestAgentPing"),
	implemented("spec.readinessProbe.httpGet"),
	implemented("spec.readinessProbe.tcpSocket"),
	implemented("spec.readinessProbe.initialDelaySeconds"),
	implemented("spec.readinessProbe.timeoutSeconds"),
	implemented("spec.readinessProbe.periodSeconds"),
	implemented("spec.readinessProbe.successThreshold"),
	implemented("spec.readinessProbe.failureThreshold"),
	refused("spec.accessCredentials", "access credentials are", "put keys and passwords into the cloud-init user data"),
}

var placement = []Rule{
	implemented("spec.nodeSelector"),
	implemented("spec.affinity"),
	implemented("spec.tolerations"),
	implemented("spec.topologySpreadConstraints"),
	implemented("spec.priorityClassName"),
	implemented("spec.schedulerName"),
	implemented("spec.hostname"),
	implemented("spec.subdomain"),
	implemented("spec.dnsPolicy"),
	implemented("spec.dnsConfig"),
	refused("spec.serviceAccountName", "service accounts of instances are", "remove the field: the launcher pod uses the namespace's default one, without a token"),
	refused("spec.resourceClaims", "resource claims are", "remove the field and the devices that refer to it"),
}
