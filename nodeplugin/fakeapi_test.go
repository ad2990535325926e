// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// fakeAPI is as much of an API server as a node plugin sees: it keeps instances, signs
// certificates and counts writes. It can go away and come back.
type fakeAPI struct {
	t      testing.TB
	server *httptest.Server
	codecs serializer.CodecFactory
	ca     *x509.Certificate
	caKey  *ecdsa.PrivateKey

	mu       sync.Mutex
	version  int
	vmis     map[string]*v1.VirtualMachineInstance
	requests map[string]*certificatesv1.CertificateSigningRequest
	// changed is closed and replaced at every change.
	changed chan struct{}
	history []watched
	writes  map[string]int
	events  []string
	away    bool
	// settings are those of the installation, if it has some.
	settings *v1.KubeVirt
}

// watched is an event of a watch.
type watched struct {
	version int
	kind    string
	vmi     *v1.VirtualMachineInstance
}

func newFakeAPI(t testing.TB) *fakeAPI {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1.AddToScheme, corev1.AddToScheme, certificatesv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	f := &fakeAPI{
		t: t, codecs: serializer.NewCodecFactory(scheme), vmis: map[string]*v1.VirtualMachineInstance{}, changed: make(chan struct{}),
		requests: map[string]*certificatesv1.CertificateSigningRequest{}, writes: map[string]int{}, version: 1,
	}
	f.ca, f.caKey = newCA(t)
	const instance = "/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachineinstances/{name}"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /apis/kubevirt.io/v1/virtualmachineinstances", f.listInstances)
	mux.HandleFunc("GET "+instance, f.getInstance)
	mux.HandleFunc("PUT "+instance+"/status", f.putStatus)
	mux.HandleFunc("GET /apis/kubevirt.io/v1/namespaces/{namespace}/kubevirts", f.listSettings)
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/configmaps", f.listBundles)
	mux.HandleFunc("POST /api/v1/namespaces/{namespace}/events", f.postEvent)
	mux.HandleFunc("POST /apis/certificates.k8s.io/v1/certificatesigningrequests", f.postRequest)
	mux.HandleFunc("GET /apis/certificates.k8s.io/v1/certificatesigningrequests/{name}", f.getRequest)
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.isAway() {
			panic(http.ErrAbortHandler)
		}
		if r.URL.Query().Get("sendInitialEvents") == "true" { // clients fall back to a list
			reply(w, http.StatusUnprocessableEntity, metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonInvalid, Code: 422})
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		f.setAway(true)
		f.server.Close()
	})
	return f
}

func (f *fakeAPI) client() *rest.Config {
	return &rest.Config{
		Host: f.server.URL, QPS: 50, Burst: 100,
		ContentConfig: rest.ContentConfig{ContentType: "application/vnd.kubernetes.protobuf", AcceptContentTypes: "application/json"},
	}
}

func (f *fakeAPI) isAway() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.away
}

// setAway cuts all connections, or lets new ones in.
func (f *fakeAPI) setAway(away bool) {
	f.mu.Lock()
	f.away = away
	f.wake()
	f.mu.Unlock()
	if away {
		f.server.CloseClientConnections()
	}
}

// wake lets watches look; the caller holds mu.
func (f *fakeAPI) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// put stores an instance, as virt-controller does.
func (f *fakeAPI) put(vmi *v1.VirtualMachineInstance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.store(vmi)
}

func (f *fakeAPI) store(vmi *v1.VirtualMachineInstance) *v1.VirtualMachineInstance {
	kind, key := "ADDED", vmi.Namespace+"/"+vmi.Name
	if f.vmis[key] != nil {
		kind = "MODIFIED"
	}
	f.version++
	stored := vmi.DeepCopy()
	stored.TypeMeta = metav1.TypeMeta{Kind: "VirtualMachineInstance", APIVersion: "kubevirt.io/v1"}
	stored.ResourceVersion = strconv.Itoa(f.version)
	f.vmis[key] = stored
	f.history = append(f.history, watched{f.version, kind, stored})
	f.wake()
	return stored
}

func (f *fakeAPI) remove(namespace, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	gone := f.vmis[namespace+"/"+name].DeepCopy()
	gone.ResourceVersion = strconv.Itoa(f.version)
	delete(f.vmis, namespace+"/"+name)
	f.history = append(f.history, watched{f.version, "DELETED", gone})
	f.wake()
}

// await waits until accept is true of the instance.
func (f *fakeAPI) await(namespace, name string, accept func(*v1.VirtualMachineInstance) bool) *v1.VirtualMachineInstance {
	f.t.Helper()
	timeout := time.After(patience)
	for {
		f.mu.Lock()
		vmi, changed := f.vmis[namespace+"/"+name], f.changed
		f.mu.Unlock()
		if vmi != nil && accept(vmi) {
			return vmi
		}
		select {
		case <-changed:
		case <-timeout:
			f.t.Fatalf("%s/%s does not become what it should; it is %+v", namespace, name, vmi.Status)
		}
	}
}

// awaitEvent waits for an event that begins with these words: KIND/NAME TYPE REASON.
func (f *fakeAPI) awaitEvent(want string) {
	f.t.Helper()
	timeout := time.After(patience)
	for {
		f.mu.Lock()
		events, changed := slices.Clone(f.events), f.changed
		f.mu.Unlock()
		if slices.Contains(events, want) {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			f.t.Fatalf("no event %q, only %q", want, events)
		}
	}
}

func (f *fakeAPI) count(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes[what]
}

func reply(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(object)
}

// decode reads a request's body, which is in protobuf.
func (f *fakeAPI) decode(w http.ResponseWriter, r *http.Request, into runtime.Object) bool {
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		_, _, err = f.codecs.UniversalDeserializer().Decode(raw, nil, into)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		f.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return err == nil
}

func (f *fakeAPI) postEvent(w http.ResponseWriter, r *http.Request) {
	e := &corev1.Event{}
	if !f.decode(w, r, e) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes["event"]++
	f.events = append(f.events, e.InvolvedObject.Kind+"/"+e.InvolvedObject.Name+" "+e.Type+" "+e.Reason)
	f.wake()
	reply(w, http.StatusCreated, e)
}
