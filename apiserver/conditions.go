// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned"
)

const (
	// needsAdministrator and resolved are the reasons of conditions that tell of problems.
	needsAdministrator, resolved = "NeedsAdministrator", "Resolved"
)

// conditions tells in the status of the KubeVirt object what is wrong with this server, as long as the storage takes
// anything.
type conditions struct {
	client    versioned.Interface
	namespace string
	// server is this one among its replicas.
	server string
}

// newConditions returns conditions that are written by way of this server itself.
func newConditions(loopback *rest.Config, namespace string) (*conditions, error) {
	client, err := versioned.NewForConfig(loopback)
	if err != nil {
		return nil, fmt.Errorf("make client of this server: %w", err)
	}
	server, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("get host name: %w", err)
	}
	return &conditions{client, namespace, server}, nil
}

// tell sets the condition of a problem to what this server says of it; nil for nothing.
func (c *conditions) tell(ctx context.Context, problem string, said error) error {
	objects := c.client.KubevirtV1().KubeVirts(c.namespace)
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		kv, err := objects.Get(ctx, v1.KubeVirtName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		told, changed := noted(kv.Status.Conditions, v1.KubeVirtConditionType(problem), c.server, text(said), time.Now())
		if !changed {
			return nil
		}
		kv.Status.Conditions = told
		_, err = objects.UpdateStatus(ctx, kv, metav1.UpdateOptions{})
		return err
	}); err != nil {
		return fmt.Errorf("set condition %s of the KubeVirt object: %w", problem, err)
	}
	return nil
}

// noted returns the conditions with what a server says of a problem, beside what its replicas say of it: a line each, which
// begins with the server's name. It tells whether anything is new.
func noted(conditions []v1.KubeVirtCondition, problem v1.KubeVirtConditionType, server, says string, now time.Time) ([]v1.KubeVirtCondition, bool) {
	i := slices.IndexFunc(conditions, func(c v1.KubeVirtCondition) bool { return c.Type == problem })
	if i < 0 && says == "" {
		return conditions, false
	}
	at := metav1.NewTime(now.UTC().Truncate(time.Second))
	conditions = slices.Clone(conditions)
	if i < 0 {
		conditions = append(conditions, v1.KubeVirtCondition{Type: problem, LastTransitionTime: at})
		i = len(conditions) - 1
	}
	before := conditions[i]
	lines := slices.DeleteFunc(strings.Split(before.Message, "\n"), func(line string) bool {
		return line == "" || strings.HasPrefix(line, server+": ")
	})
	if says != "" {
		lines = append(lines, server+": "+strings.ReplaceAll(says, "\n", " "))
	}
	slices.Sort(lines)
	c := &conditions[i]
	c.Message = strings.Join(lines, "\n")
	c.Status, c.Reason = v1.ConditionTrue, needsAdministrator
	if len(lines) == 0 {
		c.Status, c.Reason = v1.ConditionFalse, resolved
	}
	if c.Status == before.Status && c.Message == before.Message {
		return conditions, false
	}
	if c.Status != before.Status {
		c.LastTransitionTime = at
	}
	c.LastProbeTime = at
	return conditions, true
}
