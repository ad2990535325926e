// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/virtctl/progress"
)

// defaultWait is how long a command waits that is told to wait, which is more than guests need that start or stop at all.
const defaultWait = 5 * time.Minute

// waiting is the flags of commands that can wait for what they have asked for.
type waiting struct {
	wait    bool
	timeout time.Duration
}

func (w *waiting) addFlags(cmd *cobra.Command, what string) {
	cmd.Flags().BoolVar(&w.wait, "wait", false, "Wait until "+what)
	cmd.Flags().DurationVar(&w.timeout, "timeout", defaultWait, "How long to wait; only with --wait")
}

func (w *waiting) check(cmd *cobra.Command, dry dryRun) error {
	switch {
	case cmd.Flags().Changed("timeout") && !w.wait:
		return errors.New("--timeout goes with --wait")
	case w.timeout <= 0:
		return fmt.Errorf("--timeout=%s: it has to be more than 0", w.timeout)
	case w.wait && bool(dry):
		return errors.New("--wait and --dry-run exclude each other: there is nothing to wait for")
	}
	return nil
}

// before returns the instance that a virtual machine has now, as its UID, so that another one can be told from it.
func (w *waiting) before(ctx context.Context, client *client, name string) (string, error) {
	if !w.wait {
		return "", nil
	}
	c, err := client.open()
	if err != nil {
		return "", err
	}
	vmi := &v1.VirtualMachineInstance{}
	if err := c.get(ctx, vmi, c.object(target{instances, name})...); err != nil && !apierrors.IsNotFound(err) {
		return "", err
	}
	return string(vmi.UID), nil
}

// untilRunning waits for an instance other than former to run.
func (w *waiting) untilRunning(cmd *cobra.Command, client *client, name, former string) error {
	return w.until(cmd, client, name, "is running", func(vmi *v1.VirtualMachineInstance) (bool, error) {
		switch {
		case vmi == nil || string(vmi.UID) == former:
			return false, nil
		case vmi.IsFinal():
			return false, fmt.Errorf("VM %s has ended again: %s", name, describeInstance(vmi))
		}
		return vmi.IsRunning(), nil
	})
}

// untilStopped waits until there is no instance any more.
func (w *waiting) untilStopped(cmd *cobra.Command, client *client, name string) error {
	return w.until(cmd, client, name, "has stopped", func(vmi *v1.VirtualMachineInstance) (bool, error) { return vmi == nil, nil })
}

// until waits until done with the instance of a virtual machine, which is nil while there is none, and tells how it
// goes.
func (w *waiting) until(cmd *cobra.Command, client *client, name, state string, done func(*v1.VirtualMachineInstance) (bool, error)) error {
	if !w.wait {
		return nil
	}
	c, err := client.open()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), w.timeout)
	defer cancel()
	line, last := progress.NewLine(cmd.ErrOrStderr(), columns(cmd)), ""
	var drawing sync.WaitGroup
	drawing.Go(func() { line.Run(ctx) })
	err = c.follow(ctx, name, func(vmi *v1.VirtualMachineInstance) (bool, error) {
		last = describeInstance(vmi)
		ended, err := done(vmi)
		if !ended && err == nil {
			line.Set("VM " + name + ": " + last)
		}
		return ended, err
	})
	cancel()
	drawing.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("wait for VM %s: after %s it is %s", name, w.timeout, last)
	}
	if err != nil {
		return err
	}
	cmd.Printf("VM %s %s\n", name, state)
	return nil
}

// columns returns the width of the terminal that a command tells its progress on, or 0.
func columns(cmd *cobra.Command) int {
	f, ok := cmd.ErrOrStderr().(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// describeInstance returns how an instance is, with what is in its way.
func describeInstance(vmi *v1.VirtualMachineInstance) string {
	if vmi == nil {
		return "without an instance"
	}
	text := string(vmi.Status.Phase)
	if vmi.DeletionTimestamp != nil && !vmi.IsFinal() {
		text = "Stopping"
	}
	for _, c := range vmi.Status.Conditions {
		trouble := c.Type == "PodScheduled" || c.Type == "Synchronized"
		if trouble && c.Status == v1.ConditionFalse && c.Message != "" {
			return printable(text + ": " + c.Message)
		}
	}
	return text
}
