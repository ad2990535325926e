// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package support tells of every field of virtual machines and instances what virtplane does with it, in one
// table: the server refuses objects by it, and the list in the documentation is written from it.
package support

// Level is what virtplane does with a field.
type Level string

const (
	// LevelImplemented is of fields that do what they say.
	LevelImplemented Level = "implemented"
	// LevelStored is of fields that are kept and change nothing yet, which does no harm.
	LevelStored Level = "stored"
	// LevelRefused is of fields that are not accepted, since ignoring them would mislead.
	LevelRefused Level = "refused"
)

// Rule tells what virtplane does with a field and all that lies below it.
type Rule struct {
	// Path of the field, such as spec.domain.devices.disks[].cache.
	Path string
	// Level is what virtplane does with it.
	Level Level
	// Note tells users more: for a stored field why that does no harm, for a refused one what is missing and what
	// to do instead.
	Note string
	// Values are those that are accepted, if not all are.
	Values []string
	// Unset is what the field stands for when it is left out of its parent, where that matters for Values.
	Unset string
}

func implemented(path string, note ...string) Rule {
	return Rule{Path: path, Level: LevelImplemented, Note: first(note)}
}

func stored(path, note string) Rule { return Rule{Path: path, Level: LevelStored, Note: note} }

// refused takes what is refused as the beginning of a sentence, with its verb, and what to do instead.
func refused(path, what string, instead ...string) Rule {
	note := what + " not supported by this version of virtplane"
	if len(instead) > 0 {
		note += "; " + instead[0]
	}
	return Rule{Path: path, Level: LevelRefused, Note: note}
}

// only restricts a field to some of its values.
func (r Rule) only(values ...string) Rule {
	r.Values = values
	return r
}

// unset tells what the field stands for when it is left out.
func (r Rule) unset(value string) Rule {
	r.Unset = value
	return r
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
