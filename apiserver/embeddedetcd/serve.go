// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/etcdhttp"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.etcd.io/etcd/server/v3/etcdserver/api/rafthttp"
	"k8s.io/klog/v2"
)

const (
	// readTimeout is how long a peer may take to send a request, of which snapshots are the largest; etcd's own value.
	readTimeout = 5 * time.Minute
	// headerTimeout is how long a caller may take to say who it is and what it wants.
	headerTimeout = 10 * time.Second
	// closeTimeout is how long open requests of peers may hold up the end; streams between members never end by themselves.
	closeTimeout = time.Second
)

// peerServer serves the other members. etcd's own listener would read whom to trust once; this one follows renewals and
// asks each caller for its role.
type peerServer struct {
	cluster *Cluster
	etcd    *embed.Etcd
	http    *http.Server
	done    chan struct{}

	// joining lets members in one after another.
	joining sync.Mutex
}

func listenPeers(c *Cluster, ordinal int) (net.Listener, error) {
	l, err := net.Listen("tcp", c.listenAddress(ordinal))
	if err != nil {
		return nil, fmt.Errorf("listen for other members of etcd: %w", err)
	}
	return l, nil
}

func servePeers(ctx context.Context, c *Cluster, etcd *embed.Etcd, l net.Listener) *peerServer {
	s := &peerServer{cluster: c, etcd: etcd, done: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+statusPath, func(w http.ResponseWriter, _ *http.Request) { s.answer(w) })
	mux.HandleFunc("POST "+joinPath, s.join)
	mux.Handle("/", etcdhttp.NewPeerHandler(etcd.GetLogger(), etcd.Server))
	s.http = &http.Server{
		Handler:     mux,
		ReadTimeout: readTimeout,
		// This bounds handshakes too, which anybody on the pod network may begin.
		ReadHeaderTimeout: headerTimeout,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		// Strangers on the pod network must not fill the log.
		ErrorLog: log.New(verbose{klog.FromContext(ctx)}, "", 0),
	}
	go func() {
		defer close(s.done)
		err := s.http.Serve(tls.NewListener(impatient{l}, c.Credentials.ServerConfig()))
		if !errors.Is(err, http.ErrServerClosed) {
			klog.FromContext(ctx).Error(err, "Serving the other members of etcd ended", "address", l.Addr().String())
		}
	}()
	return s
}

func (s *peerServer) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	<-s.done
}

func (s *peerServer) status() status {
	answer := status{Name: s.cluster.Member, Cluster: s.etcd.Server.Cluster().ID(), HasLeader: s.etcd.Server.Leader() != 0}
	for _, m := range s.etcd.Server.Cluster().Members() {
		answer.Members = append(answer.Members, member{ID: m.ID, PeerURLs: m.PeerURLs, Learner: m.IsLearner})
	}
	return answer
}

func (s *peerServer) answer(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	// The only way to fail is a peer that went away.
	_ = json.NewEncoder(w).Encode(s.status())
}

// join adds the member that calls, which has no data. It is known by its certificate.
func (s *peerServer) join(w http.ResponseWriter, req *http.Request) {
	logger := klog.FromContext(req.Context())
	name := callerName(req)
	set, ordinal, err := splitName(name)
	if err != nil || set != s.cluster.Set() {
		http.Error(w, fmt.Sprintf("%q is no member of %s", name, s.cluster.Set()), http.StatusForbidden)
		return
	}
	s.joining.Lock()
	defer s.joining.Unlock()
	target := s.cluster.url(ordinal)
	if other := s.learner(ordinal); other != "" {
		http.Error(w, fmt.Sprintf("member %s is joining, one after the other", other), http.StatusServiceUnavailable)
		return
	}
	for _, m := range s.etcd.Server.Cluster().Members() {
		if o, ok := s.cluster.ordinalOf(first(m.PeerURLs)); !ok || o != ordinal {
			continue
		}
		if m.ID == s.etcd.Server.MemberID() {
			http.Error(w, "a member cannot join through itself", http.StatusConflict)
			return
		}
		// Raft must not meet a member that has forgotten what it promised, so it gets a new identifier.
		logger.Info("A member comes back without its data; removing what it was", "member", name, "id", m.ID.String())
		if _, err := s.etcd.Server.RemoveMember(req.Context(), uint64(m.ID)); err != nil {
			http.Error(w, fmt.Sprintf("remove earlier member %s of the same name: %v", m.ID, err), http.StatusServiceUnavailable)
			return
		}
	}
	now := time.Now()
	added := membership.NewMemberAsLearner("", types.URLs{target}, s.etcd.Server.Cluster().ID().String(), &now)
	if _, err := s.etcd.Server.AddMember(req.Context(), *added); err != nil {
		http.Error(w, fmt.Sprintf("add member %s: %v", name, err), http.StatusServiceUnavailable)
		return
	}
	logger.Info("Added a member of etcd, which votes once it has caught up", "member", name, "id", added.ID.String(), "url", target.String())
	s.answer(w)
}

// learner returns the name of a member other than that with ordinal which has no vote yet.
func (s *peerServer) learner(ordinal int) string {
	for _, m := range s.etcd.Server.Cluster().Members() {
		if o, ok := s.cluster.ordinalOf(first(m.PeerURLs)); m.IsLearner && (!ok || o != ordinal) {
			return s.cluster.name(o)
		}
	}
	return ""
}

// callerName returns the name in the caller's certificate, which the handshake has verified.
func callerName(req *http.Request) string {
	if req.TLS == nil || len(req.TLS.PeerCertificates) == 0 || len(req.TLS.PeerCertificates[0].URIs) != 1 {
		return ""
	}
	path := req.TLS.PeerCertificates[0].URIs[0].Path
	return path[strings.LastIndexByte(path, '/')+1:]
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// impatient gives up connections whose other end takes nothing for a while: members send each other heartbeats.
type impatient struct{ net.Listener }

func (i impatient) Accept() (net.Conn, error) {
	c, err := i.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return impatientConn{c}, nil
}

type impatientConn struct{ net.Conn }

func (c impatientConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(rafthttp.ConnWriteTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// verbose writes lines to the log that only somebody who looks for them wants to see.
type verbose struct{ klog.Logger }

func (v verbose) Write(line []byte) (int, error) {
	v.V(2).Info(strings.TrimSpace(string(line)))
	return len(line), nil
}
