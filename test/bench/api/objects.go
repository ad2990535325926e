// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// typical is a virtual machine as people write them: labels of a packaging tool, a few devices, a
// cloud-init script. It is halted, so that nothing happens but what is measured.
const typical = `
metadata:
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/instance: web-production
    app.kubernetes.io/version: 2026.11.3
    app.kubernetes.io/part-of: shop
    app.kubernetes.io/managed-by: Helm
    topology.example.com/tier: frontend
  annotations:
    meta.helm.sh/release-name: web-production
    meta.helm.sh/release-namespace: shop
    example.com/contact: shop-team@example.com
    example.com/description: Web server of the shop, built from the golden image of November; ask the shop team before it is changed by hand.
  finalizers:
    - kubevirt.io/virtualMachineControllerFinalize
spec:
  runStrategy: Halted
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
        app.kubernetes.io/instance: web-production
        kubevirt.io/domain: web
    spec:
      terminationGracePeriodSeconds: 180
      hostname: web
      evictionStrategy: None
      nodeSelector:
        kubernetes.io/arch: amd64
        node.example.com/pool: vms
      tolerations:
        - {key: example.com/vms-only, operator: Exists, effect: NoSchedule}
      domain:
        cpu: {cores: 2, sockets: 1, threads: 1}
        memory: {guest: 4Gi}
        resources:
          requests: {cpu: "1", memory: 4Gi}
        devices:
          autoattachGraphicsDevice: false
          rng: {}
          disks:
            - {name: root, disk: {bus: virtio}, bootOrder: 1}
            - {name: data, disk: {bus: virtio}}
            - {name: cloudinit, disk: {bus: virtio}}
          interfaces:
            - name: default
              masquerade: {}
              ports:
                - {name: http, port: 80, protocol: TCP}
                - {name: https, port: 443, protocol: TCP}
      readinessProbe:
        tcpSocket: {port: 443}
        initialDelaySeconds: 20
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      networks:
        - {name: default, pod: {}}
      volumes:
        - name: root
          containerDisk: {image: registry.example.com/golden/debian:13, imagePullPolicy: IfNotPresent}
        - name: data
          emptyDisk: {capacity: 20Gi}
        - name: cloudinit
          cloudInitNoCloud:
            userData: |
              #cloud-config
              hostname: web
              timezone: Europe/Berlin
              users:
                - name: operator
                  groups: [sudo]
                  shell: /bin/bash
                  sudo: ALL=(ALL) NOPASSWD:ALL
                  ssh_authorized_keys:
                    - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl operator@example.com
              package_update: true
              packages: [nginx, prometheus-node-exporter, unattended-upgrades]
              write_files:
                - path: /etc/nginx/conf.d/shop.conf
                  content: |
                    upstream shop { server shop-backend.shop.svc:8080; keepalive 32; }
                    server { listen 443 ssl; location / { proxy_pass http://shop; } }
              runcmd:
                - systemctl enable --now nginx prometheus-node-exporter
`

// machine returns the typical virtual machine under a name.
func machine(name string) *v1.VirtualMachine {
	vm := &v1.VirtualMachine{}
	if err := yaml.UnmarshalStrict([]byte(typical), vm); err != nil {
		panic(fmt.Errorf("read the typical virtual machine: %w", err)) // a constant
	}
	vm.Name = name
	return vm
}

// configMap returns a ConfigMap of the same size with the same metadata.
func configMap(name string) *corev1.ConfigMap {
	vm := machine(name)
	spec, err := json.Marshal(vm.Spec)
	if err != nil {
		panic(err) // a constant
	}
	return &corev1.ConfigMap{ObjectMeta: vm.ObjectMeta, Data: map[string]string{"spec": string(spec)}}
}

// machineSize returns the size in bytes of the typical virtual machine as JSON.
func machineSize() int {
	data, err := json.Marshal(machine("vm-00000"))
	if err != nil {
		panic(err) // a constant
	}
	return len(data)
}

// statusPatch changes what controllers write, to a value of its own for each n.
func statusPatch(n int) []byte {
	return fmt.Appendf(nil, `{"status":{"created":true,"printableStatus":"Running","conditions":[`+
		`{"type":"Ready","status":"True","lastTransitionTime":%q},{"type":"LiveMigratable","status":"False","reason":"change-%d","message":"measured"}]}}`,
		metav1.Now().UTC().Format("2006-01-02T15:04:05Z"), n)
}

// dataPatch changes as many bytes of a ConfigMap.
func dataPatch(n int) []byte {
	return fmt.Appendf(nil, `{"data":{"status":%q}}`, statusPatch(n))
}
