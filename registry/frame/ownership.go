// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// Owner is who changed fields other than by a create, update, patch or apply of the object.
type Owner struct {
	Manager string
	// Subresource is the verb that changed them.
	Subresource string
	// APIVersion is the group and version of the object.
	APIVersion string
	Now        metav1.Time
}

// Own records that owner has set the fields in set and removed those in removed, with all below them.
// Others who owned them do so no longer: an apply of what they knew then conflicts instead of undoing
// the change unseen. The generic server does this for the writes that it sees; those of verbs it does
// not. An object without managed fields is left without.
func Own(obj metav1.Object, owner Owner, set, removed *fieldpath.Set) error {
	entries := obj.GetManagedFields()
	if len(entries) == 0 {
		return nil
	}
	taken := set.Union(removed)
	mine := fieldpath.NewSet().Union(set)
	kept := make([]metav1.ManagedFieldsEntry, 0, len(entries)+1)
	for _, entry := range entries {
		fields, err := decodeFields(entry)
		if err != nil {
			return err
		}
		if owner.is(entry) {
			mine = mine.Union(fields.RecursiveDifference(removed))
			continue
		}
		left := fields.RecursiveDifference(taken)
		switch {
		case left.Equals(fields):
		case left.Empty():
			continue
		default:
			if entry, err = encodeFields(entry, left); err != nil {
				return err
			}
		}
		kept = append(kept, entry)
	}
	if !mine.Empty() {
		entry, err := encodeFields(metav1.ManagedFieldsEntry{
			Manager: owner.Manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: owner.APIVersion,
			Time: &owner.Now, FieldsType: "FieldsV1", Subresource: owner.Subresource,
		}, mine)
		if err != nil {
			return err
		}
		kept = append(kept, entry)
	}
	obj.SetManagedFields(slices.Clip(kept))
	return nil
}

// Fields is the set of the fields at path and of all that value, which is there, sets below it.
func Fields(path fieldpath.Path, set any) (*fieldpath.Set, error) {
	content, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("encode fields: %w", err)
	}
	tree, err := value.FromJSON(content)
	if err != nil {
		return nil, fmt.Errorf("read fields: %w", err)
	}
	fields := fieldpath.NewSet(path)
	fieldpath.SetFromValue(tree).Iterate(func(below fieldpath.Path) {
		fields.Insert(append(path.Copy(), below...))
	})
	return fields, nil
}

func (o Owner) is(entry metav1.ManagedFieldsEntry) bool {
	return entry.Manager == o.Manager && entry.Operation == metav1.ManagedFieldsOperationUpdate &&
		entry.APIVersion == o.APIVersion && entry.Subresource == o.Subresource
}

func decodeFields(entry metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	set := fieldpath.NewSet()
	if entry.FieldsV1 == nil {
		return set, nil
	}
	if err := set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
		return nil, fmt.Errorf("read fields managed by %q: %w", entry.Manager, err)
	}
	return set, nil
}

func encodeFields(entry metav1.ManagedFieldsEntry, set *fieldpath.Set) (metav1.ManagedFieldsEntry, error) {
	raw, err := set.ToJSON()
	if err != nil {
		return entry, fmt.Errorf("write fields managed by %q: %w", entry.Manager, err)
	}
	entry.FieldsV1 = &metav1.FieldsV1{}
	entry.FieldsV1.SetRawBytes(raw)
	return entry, nil
}
