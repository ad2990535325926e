// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package support

var volumes = []Rule{
	implemented("spec.volumes[].name"),
	implemented("spec.volumes[].containerDisk.image"),
	implemented("spec.volumes[].containerDisk.imagePullPolicy"),
	implemented("spec.volumes[].containerDisk.imagePullSecret"),
	implemented("spec.volumes[].containerDisk.path"),
	implemented("spec.volumes[].cloudInitNoCloud.secretRef"),
	implemented("spec.volumes[].cloudInitNoCloud.userData"),
	implemented("spec.volumes[].cloudInitNoCloud.userDataBase64"),
	implemented("spec.volumes[].cloudInitNoCloud.networkDataSecretRef"),
	implemented("spec.volumes[].cloudInitNoCloud.networkData"),
	implemented("spec.volumes[].cloudInitNoCloud.networkDataBase64"),
	implemented("spec.volumes[].emptyDisk.capacity"),
	refused("spec.volumes[].cloudInitConfigDrive", "config drives are", "use cloudInitNoCloud"),
	refused("spec.volumes[].configMap", "config maps as disks are", "put the data into cloudInitNoCloud"),
	refused("spec.volumes[].containerPath", "directories of the launcher's container are", "remove the volume"),
	refused("spec.volumes[].dataVolume", "DataVolumes are", "use containerDisk or emptyDisk"),
	refused("spec.volumes[].downwardAPI", "fields of the pod as disks are", "remove the volume"),
	refused("spec.volumes[].downwardMetrics", "metrics of the node are", "remove the volume"),
	refused("spec.volumes[].ephemeral", "claims as disks are", "use containerDisk"),
	refused("spec.volumes[].hostDisk", "images in directories of the node are", "use containerDisk or emptyDisk"),
	refused("spec.volumes[].memoryDump", "memory dumps are", "remove the volume"),
	refused("spec.volumes[].persistentVolumeClaim", "claims as disks are", "use containerDisk or emptyDisk"),
	refused("spec.volumes[].secret", "secrets as disks are", "name the secret in cloudInitNoCloud"),
	refused("spec.volumes[].serviceAccount", "tokens of service accounts are", "remove the volume"),
	refused("spec.volumes[].sysprep", "answer files for Windows are", "put them into a containerDisk"),
	refused("spec.utilityVolumes", "volumes for memory dumps and backups are", "remove the field"),
}
