// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// launcherContainer is the container in which libvirt runs.
const launcherContainer = "compute"

func newVirshCommand(client *client) *cobra.Command {
	var stdin bool
	cmd := &cobra.Command{
		Use:   "virsh VM [flags] [-- ARGUMENTS...]",
		Short: "Run virsh beside a guest",
		Long: "Run virsh in the launcher pod of a guest, where it is connected with the guest's libvirt. Without ARGUMENTS it\n" +
			"reads commands; quit leaves. The domain is called NAMESPACE_NAME. The exit code is that of virsh.\n\n" +
			"It is for looking: what is changed there lasts until the guest ends, and virtplane may change it back. It\n" +
			"needs the right to run programs in pods (pods/exec).",
		Example: `
# Look at the domain of the virtual machine demo.
virtctl virsh demo -- list --all
virtctl virsh demo -- domstats

# Talk to virsh.
virtctl virsh vm/demo/lab

# Hand it something on the standard input.
virtctl virsh demo --stdin -- qemu-monitor-command lab_demo --hmp 'info status' < /dev/null`,
		Args:              atLeast(1),
		ValidArgsFunction: completePlaceOrName(client),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 && cmd.ArgsLenAtDash() != 1 {
				return usageError(cmd, errors.New("write -- before the arguments of virsh"))
			}
			p, err := parsePlace(args[0])
			if err != nil {
				return err
			}
			pod, err := client.launcher(cmd.Context(), "virsh", p)
			if err != nil {
				return err
			}
			return client.exec(cmd, pod, stdin || len(args) == 1, append([]string{"virsh"}, args[1:]...))
		},
	}
	cmd.Flags().BoolVarP(&stdin, "stdin", "i", false, "Hand the standard input to virsh; without ARGUMENTS it always is")
	return cmd
}

// launcher returns the pod in which a guest runs.
func (c *client) launcher(ctx context.Context, verb string, p place) (*corev1.Pod, error) {
	p, vmi, err := c.instance(ctx, verb, p)
	if err != nil {
		return nil, err
	}
	connection, err := c.at(p)
	if err != nil {
		return nil, err
	}
	pods := &corev1.PodList{}
	request := connection.requests.Get().AbsPath(connection.in(corePath, "pods")...).
		Param("labelSelector", v1.CreatedByLabel+"="+string(vmi.UID))
	if err := connection.do(ctx, request, nil, pods); err != nil {
		return nil, err
	}
	var found *corev1.Pod
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Labels[v1.AppLabel] != v1.AppLabelLauncher || pod.Status.Phase != corev1.PodRunning {
			continue
		}
		// During a migration there are two; the guest runs in one.
		if found == nil || pod.Spec.NodeName == vmi.Status.NodeName {
			found = pod
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%s %s: no launcher pod runs: the instance is %s (kubectl get pods -l %s=%s)",
			verb, p, phaseOf(vmi), v1.CreatedByLabel, vmi.UID)
	}
	return found, nil
}

// exec runs a program in the launcher's container, and ends as it does.
func (c *client) exec(cmd *cobra.Command, pod *corev1.Pod, stdin bool, words []string) error {
	config, _, err := c.config()
	if err != nil {
		return err
	}
	terminal := terminalOf(cmd)
	query := url.Values{"container": {launcherContainer}, "command": words, "stdout": {"true"}}
	options := remotecommand.StreamOptions{Stdout: cmd.OutOrStdout()}
	if stdin || terminal != nil {
		query.Set("stdin", "true")
		options.Stdin = cmd.InOrStdin()
	}
	if terminal != nil {
		query.Set("tty", "true")
		options.Tty, options.TerminalSizeQueue = true, terminal
	} else {
		query.Set("stderr", "true")
		options.Stderr = cmd.ErrOrStderr()
	}
	executor, err := newExecutor(config, pod, query)
	if err != nil {
		return err
	}
	if terminal != nil {
		restore, err := terminal.raw(cmd.Context())
		if err != nil {
			return err
		}
		defer restore()
	}
	err = executor.StreamWithContext(cmd.Context(), options)
	var exit exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exitStatus(exit.ExitStatus())
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("run %s in pod %s: the connection broke", words[0], pod.Name)
	}
	return err
}

// newExecutor speaks websockets, and SPDY to servers, or through proxies, that know those alone.
func newExecutor(config *rest.Config, pod *corev1.Pod, query url.Values) (remotecommand.Executor, error) {
	requests, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	address := requests.Post().AbsPath(corePath, "namespaces", pod.Namespace, "pods", pod.Name, "exec").URL()
	address.RawQuery = query.Encode()
	spdy, err := remotecommand.NewSPDYExecutor(config, "POST", address)
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	websocket, err := remotecommand.NewWebSocketExecutor(config, "GET", address.String())
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	return remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}
