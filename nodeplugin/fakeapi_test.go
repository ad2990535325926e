// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package nodeplugin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
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

func (f *fakeAPI) listInstances(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("fieldSelector") != "status.nodeName="+testNode {
		http.Error(w, "a node sees its own only", http.StatusForbidden)
		return
	}
	if r.URL.Query().Get("watch") != "" {
		f.watchInstances(w, r)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	list := &v1.VirtualMachineInstanceList{
		TypeMeta: metav1.TypeMeta{Kind: "VirtualMachineInstanceList", APIVersion: "kubevirt.io/v1"},
		ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(f.version)},
	}
	for _, vmi := range f.vmis {
		list.Items = append(list.Items, *vmi)
	}
	reply(w, http.StatusOK, list)
}

func (f *fakeAPI) watchInstances(w http.ResponseWriter, r *http.Request) {
	seen, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	w.Header().Set("Content-Type", "application/json")
	for {
		f.mu.Lock()
		changed, away, history := f.changed, f.away, f.history
		f.mu.Unlock()
		if away {
			panic(http.ErrAbortHandler)
		}
		for _, e := range history {
			if e.version > seen {
				json.NewEncoder(w).Encode(map[string]any{"type": e.kind, "object": e.vmi})
				seen = e.version
			}
		}
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (f *fakeAPI) getInstance(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	vmi := f.vmis[r.PathValue("namespace")+"/"+r.PathValue("name")]
	if vmi == nil {
		reply(w, http.StatusNotFound, metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: 404})
		return
	}
	reply(w, http.StatusOK, vmi)
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

func (f *fakeAPI) putStatus(w http.ResponseWriter, r *http.Request) {
	vmi := &v1.VirtualMachineInstance{}
	if !f.decode(w, r, vmi) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	current := f.vmis[vmi.Namespace+"/"+vmi.Name]
	if current == nil || current.ResourceVersion != vmi.ResourceVersion {
		reply(w, http.StatusConflict, metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonConflict, Code: 409})
		return
	}
	f.writes["status"]++
	reply(w, http.StatusOK, f.store(vmi))
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

func (f *fakeAPI) listBundles(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("watch") != "" {
		<-r.Context().Done()
		return
	}
	reply(w, http.StatusOK, &corev1.ConfigMapList{
		TypeMeta: metav1.TypeMeta{Kind: "ConfigMapList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"},
		Items: []corev1.ConfigMap{{
			ObjectMeta: metav1.ObjectMeta{Name: "virtplane-ca-bundle", Namespace: r.PathValue("namespace")},
			Data:       map[string]string{"ca.crt": encodePEM("CERTIFICATE", f.ca.Raw)},
		}},
	})
}

func (f *fakeAPI) postRequest(w http.ResponseWriter, r *http.Request) {
	request := &certificatesv1.CertificateSigningRequest{}
	if !f.decode(w, r, request) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	request.TypeMeta = metav1.TypeMeta{Kind: "CertificateSigningRequest", APIVersion: "certificates.k8s.io/v1"}
	request.Name = request.GenerateName + strconv.Itoa(len(f.requests))
	f.requests[request.Name] = request
	reply(w, http.StatusCreated, request)
}

// getRequest signs a request when it is asked for, as virt-apiserver would have by then.
func (f *fakeAPI) getRequest(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	request := f.requests[r.PathValue("name")]
	block, _ := pem.Decode(request.Spec.Request)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || request.Spec.SignerName != "virtplane.io/nodeplugin" || csr.Subject.CommonName != "virt-nodeplugin:"+testNode ||
		len(csr.URIs) != 1 || csr.URIs[0].String() != "spiffe://virtplane.io/nodeplugin/"+testNode {
		f.t.Errorf("request %+v: %v", csr, err)
	}
	request.Status.Certificate = []byte(encodePEM("CERTIFICATE", f.sign(csr.PublicKey, csr.URIs, x509.ExtKeyUsageServerAuth).Raw))
	reply(w, http.StatusOK, request)
}

func (f *fakeAPI) sign(public any, uris []*url.URL, usage x509.ExtKeyUsage) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}, URIs: uris,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, f.ca, public, f.caKey)
	if err != nil {
		f.t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(raw)
	if err != nil {
		f.t.Fatal(err)
	}
	return signed
}

// identity returns a TLS configuration for a client that is id and trusts the CA.
func (f *fakeAPI) identity(id string, usage x509.ExtKeyUsage) *tls.Config {
	f.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	uri, err := url.Parse(id)
	if err != nil {
		f.t.Fatal(err)
	}
	leaf := f.sign(&key.PublicKey, []*url.URL{uri}, usage)
	roots := x509.NewCertPool()
	roots.AddCert(f.ca)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}, RootCAs: roots, InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
			return err
		},
	}
}

func newCA(t testing.TB) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return ca, key
}

func encodePEM(kind string, der []byte) string {
	var text strings.Builder
	pem.Encode(&text, &pem.Block{Type: kind, Bytes: der})
	return text.String()
}
