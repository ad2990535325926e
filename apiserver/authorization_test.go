// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// reviewer answers for kube-apiserver: everybody may do everything but what is called secret.
func reviewer(t *testing.T) *rest.Config {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		obj, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
		if err != nil {
			t.Error(err)
			return
		}
		review := obj.(*authorizationv1.SubjectAccessReview)
		review.APIVersion, review.Kind = "authorization.k8s.io/v1", "SubjectAccessReview"
		review.Status.Allowed = review.Spec.ResourceAttributes.Name != "secret"
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

func decide(t *testing.T, a authorizer.Authorizer, who user.Info, name string) authorizer.Decision {
	decision, _, err := a.Authorize(context.Background(), authorizer.AttributesRecord{
		User: who, Verb: "get", Namespace: "default", APIGroup: "kubevirt.io", APIVersion: "v1", Resource: "virtualmachines", Name: name, ResourceRequest: true,
	})
	if err != nil {
		t.Error(err)
	}
	return decision
}

func TestRightsAreThoseOfTheHostCluster(t *testing.T) {
	a, err := delegate(genericoptions.NewDelegatingAuthorizationOptions(), reviewer(t))
	if err != nil {
		t.Fatal(err)
	}
	ann := &user.DefaultInfo{Name: "ann"}
	if d := decide(t, a, ann, "web"); d != authorizer.DecisionAllow {
		t.Errorf("a user who may read an object: decision %v", d)
	}
	if d := decide(t, a, ann, "secret"); d == authorizer.DecisionAllow {
		t.Error("a user may read an object that the host cluster forbids")
	}
	if d := decide(t, a, &user.DefaultInfo{Name: "root", Groups: []string{user.SystemPrivilegedGroup}}, "secret"); d != authorizer.DecisionAllow {
		t.Errorf("a member of system:masters: decision %v", d)
	}
	probe := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: user.Anonymous}, Verb: "get", Path: "/readyz"}
	if d, _, err := a.Authorize(context.Background(), probe); d != authorizer.DecisionAllow || err != nil {
		t.Errorf("a probe without credentials: decision %v, %v", d, err)
	}
}

func TestManyQuestionsAtOnceAreAskedWithoutDelay(t *testing.T) {
	a, err := delegate(genericoptions.NewDelegatingAuthorizationOptions(), reviewer(t))
	if err != nil {
		t.Fatal(err)
	}
	// With the library's limit the first 400 are free and each further one takes 5 ms.
	const questions, limited = 1600, 6 * time.Second
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(16)
	for i := range questions {
		group.Go(func() error {
			if d := decide(t, a, &user.DefaultInfo{Name: "ann"}, fmt.Sprint("vm-", i)); d != authorizer.DecisionAllow {
				return fmt.Errorf("decision %v", d)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took >= limited {
		t.Errorf("%d questions took %s", questions, took)
	}
}
