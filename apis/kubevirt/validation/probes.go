// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func probe(spec *v1.VirtualMachineInstanceSpec, p *v1.Probe, at *field.Path) field.ErrorList {
	if p == nil {
		return nil
	}
	set := members(p.Handler)
	errs := exactlyOne(at, "handler: httpGet, tcpSocket, exec or guestAgentPing", set)
	if (p.HTTPGet != nil || p.TCPSocket != nil) && !slices.ContainsFunc(spec.Networks, func(n v1.Network) bool { return n.Pod != nil }) {
		errs = append(errs, field.Invalid(at, fmt.Sprint(set), "needs an interface on the pod network"))
	}
	if p.HTTPGet != nil {
		errs = append(errs, probedPort(p.HTTPGet.Port, at.Child("httpGet", "port"))...)
	}
	if p.TCPSocket != nil {
		errs = append(errs, probedPort(p.TCPSocket.Port, at.Child("tcpSocket", "port"))...)
	}
	if p.Exec != nil && (len(p.Exec.Command) == 0 || p.Exec.Command[0] == "") {
		errs = append(errs, field.Required(at.Child("exec", "command"), "name a program in the guest, and its arguments"))
	}
	for _, v := range []struct {
		field  string
		number int32
	}{
		{"initialDelaySeconds", p.InitialDelaySeconds}, {"timeoutSeconds", p.TimeoutSeconds}, {"periodSeconds", p.PeriodSeconds},
		{"successThreshold", p.SuccessThreshold}, {"failureThreshold", p.FailureThreshold},
	} {
		if v.number < 0 {
			errs = append(errs, field.Invalid(at.Child(v.field), v.number, "must not be negative"))
		}
	}
	return errs
}

func probedPort(port intstr.IntOrString, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if port.Type == intstr.Int {
		for _, problem := range utilvalidation.IsValidPortNum(int(port.IntVal)) {
			errs = append(errs, field.Invalid(at, port.IntVal, problem))
		}
		return errs
	}
	for _, problem := range utilvalidation.IsValidPortName(port.StrVal) {
		errs = append(errs, field.Invalid(at, port.StrVal, problem))
	}
	return errs
}
