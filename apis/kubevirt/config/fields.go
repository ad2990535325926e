// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package config

// used are the fields of a KubeVirt's spec that virtplane reads, by their path in JSON.
var used = []string{
	"configuration.additionalGuestMemoryOverheadRatio",
	"configuration.architectureConfiguration.amd64.machineType",
	"configuration.architectureConfiguration.defaultArchitecture",
	"configuration.cpuModel",
	"configuration.cpuRequest",
	"configuration.defaultRuntimeClass",
	"configuration.developerConfiguration.cpuAllocationRatio",
	"configuration.developerConfiguration.disabledFeatureGates",
	"configuration.developerConfiguration.featureGates",
	"configuration.developerConfiguration.logVerbosity.nodeVerbosity",
	"configuration.developerConfiguration.logVerbosity.virtAPI",
	"configuration.developerConfiguration.logVerbosity.virtController",
	"configuration.developerConfiguration.logVerbosity.virtHandler",
	"configuration.developerConfiguration.logVerbosity.virtLauncher",
	"configuration.developerConfiguration.memoryOvercommit",
	"configuration.developerConfiguration.nodeSelectors",
	"configuration.developerConfiguration.useEmulation",
	"configuration.evictionStrategy",
	"configuration.imagePullPolicy",
	"configuration.machineType",
	"configuration.network.defaultNetworkInterface",
	"configuration.roleAggregationStrategy",
	"configuration.tlsConfiguration.minTLSVersion",
}

// Reasons that several fields share.
const (
	manifests    = "the manifests of the installation hold it"
	noMigration  = "guests do not migrate yet"
	noDevices    = "guests get no devices of nodes yet"
	amd64Only    = "guests are amd64"
	noOperator   = "there is no such component"
	notYet       = "there is no such feature yet"
	noClaims     = "guests have no claims as disks yet"
	ownLimits    = "the flags of the components limit their requests"
	launcherHas  = "the launcher's image holds it"
	machineTypes = "q35 and pc-q35-VERSION can be had"
)

// unused are the other fields, with the reason why they change nothing.
var unused = map[string]string{
	"imageTag":                  manifests,
	"imageRegistry":             manifests,
	"imagePullPolicy":           manifests,
	"imagePullSecrets":          manifests,
	"monitorNamespace":          "scrape /metrics of the components",
	"serviceMonitorNamespace":   "scrape /metrics of the components",
	"monitorAccount":            "scrape /metrics of the components",
	"workloadUpdateStrategy":    "an upgrade touches no guest; restart those that shall run in the new launcher",
	"uninstallStrategy":         "deleting this object uninstalls nothing",
	"certificateRotateStrategy": "virt-apiserver renews certificates by itself",
	"productVersion":            manifests,
	"productName":               manifests,
	"productComponent":          manifests,
	"synchronizationPort":       noMigration,
	"infra":                     manifests,
	"workloads":                 manifests,
	"customizeComponents":       manifests,

	"configuration.apiConfiguration":                                                  ownLimits,
	"configuration.architectureConfiguration.amd64.emulatedMachines":                  machineTypes,
	"configuration.architectureConfiguration.amd64.ovmfPath":                          launcherHas,
	"configuration.architectureConfiguration.arm64":                                   amd64Only,
	"configuration.architectureConfiguration.ppc64le":                                 amd64Only,
	"configuration.architectureConfiguration.s390x":                                   amd64Only,
	"configuration.autoCPULimitNamespaceLabelSelector":                                "set limits.cpu on instances, or a LimitRange",
	"configuration.changedBlockTrackingLabelSelectors":                                notYet,
	"configuration.commonInstancetypesDeployment":                                     notYet,
	"configuration.confidentialCompute":                                               notYet,
	"configuration.controllerConfiguration":                                           "the flags --kube-api-qps and --kube-api-burst of virt-controller limit its requests",
	"configuration.developerConfiguration.clusterProfiler":                            notYet,
	"configuration.developerConfiguration.diskVerification":                           "container disks are inspected inside of the launcher's own memory limit",
	"configuration.developerConfiguration.logVerbosity.virtOperator":                  noOperator,
	"configuration.developerConfiguration.logVerbosity.virtSynchronizationController": noOperator,
	"configuration.developerConfiguration.minimumClusterTSCFrequency":                 notYet,
	"configuration.developerConfiguration.minimumReservePVCBytes":                     noClaims,
	"configuration.developerConfiguration.pvcTolerateLessSpaceUpToPercent":            noClaims,
	"configuration.emulatedMachines":                                                  machineTypes,
	"configuration.handlerConfiguration":                                              ownLimits,
	"configuration.hypervisors":                                                       "the hypervisor is KVM",
	"configuration.instancetype":                                                      notYet,
	"configuration.ksmConfiguration":                                                  "switch it on in the nodes' own configuration",
	"configuration.liveUpdateConfiguration":                                           "running guests are not given CPUs or memory yet",
	"configuration.mediatedDevicesConfiguration":                                      noDevices,
	"configuration.memBalloonStatsPeriod":                                             notYet,
	"configuration.migrations":                                                        noMigration,
	"configuration.minCPUModel":                                                       "it is obsolete",
	"configuration.network.binding":                                                   notYet,
	"configuration.network.permitBridgeInterfaceOnPodNetwork":                         "guests are on the pod network by masquerade",
	"configuration.network.permitSlirpInterface":                                      "there is no slirp binding",
	"configuration.obsoleteCPUModels":                                                 notYet,
	"configuration.ovmfPath":                                                          launcherHas,
	"configuration.permittedHostDevices":                                              noDevices,
	"configuration.persistentReservationConfiguration":                                notYet,
	"configuration.seccompConfiguration":                                              "launcher pods have the profile RuntimeDefault",
	"configuration.selinuxLauncherType":                                               "launcher pods have the type of any container",
	"configuration.smbios":                                                            notYet,
	"configuration.supportContainerResources":                                         "launcher pods have one container",
	"configuration.supportedGuestAgentVersions":                                       "it is obsolete",
	"configuration.tlsConfiguration.ciphers":                                          "set --tls-cipher-suites on virt-apiserver",
	"configuration.virtTemplateDeployment":                                            notYet,
	"configuration.virtualMachineInstancesPerNode":                                    "the kubelet's limit of pods holds",
	"configuration.virtualMachineOptions":                                             notYet,
	"configuration.vmRolloutStrategy":                                                 "a changed template takes effect with the next start",
	"configuration.vmStateStorageClass":                                               notYet,
	"configuration.webhookConfiguration":                                              "there are no webhooks",
}
