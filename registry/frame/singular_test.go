// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestErrorsOfSubresourcesNameTheKindInTheSingular(t *testing.T) {
	const missing = `virtualmachine.kubevirt.io "demo" not found`
	plural := apierrors.NewNotFound(v1.Resource("virtualmachines"), "demo")
	if got := Machine.Rename(plural, "demo"); !apierrors.IsNotFound(got) || got.Error() != missing {
		t.Errorf("missing object: %v, want %s", got, missing)
	}
	other := errors.New("broken")
	if got := Machine.Rename(other, "demo"); got != other {
		t.Errorf("another error became %v", got)
	}
	if got := Machine.Rename(nil, "demo"); got != nil {
		t.Errorf("success became %v", got)
	}
	const refused = `Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "demo": VMI is not running`
	if got := Instance.Conflict("demo", "VMI is not running"); !apierrors.IsConflict(got) || got.Error() != refused {
		t.Errorf("conflict: %v, want %s", got, refused)
	}
}
