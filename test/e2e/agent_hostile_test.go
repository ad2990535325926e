// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// lyingAgent tells of more and more NICs.
const lyingAgent = `kill $(cat /run/qemu-ga.pid); sleep 1
exec 3<>/dev/virtio-ports/org.qemu.guest_agent.0
n=0
while :; do
	read -r line <&3 || { sleep 1; continue; }
	case $line in
	*guest-sync*)
		case $line in *delimited*) printf '\377' >&3;; esac
		id=${line##*'"id":'}
		printf '{"return":%s}\n' "${id%%[!0-9]*}" >&3;;
	*interfaces*)
		n=$((n+1))
		printf '{"return":[' >&3
		yes '{"name":"evil","hardware-address":"06:00:00:00:00:01","ip-addresses":[{"ip-address":"192.0.2.'$((n%250+1))'"}]},' | head -n 3000 | tr -d '\n' >&3
		echo '{}]}' >&3;;
	*fsfreeze-status*) echo '{"return":"thawed"}' >&3;;
	*) echo '{"return":{}}' >&3;;
	esac
done
`

// bringsLyingAgent puts it into the guest.
func bringsLyingAgent(vm *v1.VirtualMachine) {
	data := &vm.Spec.Template.Spec.Volumes[1].CloudInitNoCloud.UserData
	*data += "write_files:\n- path: /root/agent.sh\n  content: |\n"
	for line := range strings.Lines(lyingAgent) {
		*data += "    " + line
	}
}

// TestAgentThatLies replaces the agent by one that lies, and then answers nothing any more.
func TestAgentThatLies(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	n.Create("machine", suite.Grace(grace), bringsLyingAgent)
	n.AwaitAgent("machine")
	console := n.Console("machine")
	console.Login()
	console.Run("setsid sh -c 'echo $$ >/tmp/agent.pid; exec sh /root/agent.sh' >/dev/null 2>&1 </dev/null & true")
	vmi := n.AwaitVMI("machine", "told lies", told, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && slices.ContainsFunc(vmi.Status.Interfaces, func(nic v1.VirtualMachineInstanceNetworkInterface) bool { return nic.InterfaceName == "evil" })
	})
	if len(vmi.Status.Interfaces) > 11 {
		n.Errorf("%d interfaces", len(vmi.Status.Interfaces))
	}
	if changes := changesWithin(n, time.Minute); changes > 8 {
		n.Errorf("%d changes of the instance in a minute", changes)
	}
	console.Run("kill -STOP $(cat /tmp/agent.pid)")
	n.Virtctl("pause", "vm", "machine")
	n.Virtctl("unpause", "vm", "machine")
	if o := n.Try("", "virtctl", "guestosinfo", "machine"); o.Code == 0 {
		n.Errorf("an agent that does not answer tells of the guest: %s", o.Stdout)
	}
	began := time.Now()
	n.Virtctl("stop", "machine")
	n.AwaitNoInstance(vmi)
	if took := time.Since(began); took > gracefulStop {
		n.Errorf("a stop past an agent that does not answer takes %s", took)
	}
}

// changesWithin counts how often the instance is written.
func changesWithin(n *suite.Namespace, during time.Duration) int {
	n.Helper()
	versions := map[string]bool{}
	n.Never("machine", "gone", during, func(vmi *v1.VirtualMachineInstance) bool {
		if vmi != nil {
			versions[vmi.ResourceVersion] = true
		}
		return vmi == nil
	})
	return len(versions) - 1
}
