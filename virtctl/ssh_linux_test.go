// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gorilla/websocket"
	"golang.org/x/crypto/ssh"
)

// sshGuest is a guest with an SSH server, which runs commands on this machine.
type sshGuest struct {
	// identity is the file with the private key that it takes.
	identity string
	config   *ssh.ServerConfig
	// mu guards users: who has logged in.
	mu    sync.Mutex
	users []string
}

func newSSHGuest(t *testing.T) *sshGuest {
	t.Helper()
	for _, program := range []string{"ssh", "scp"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v; install openssh-client", err)
		}
	}
	_, key := newKey(t)
	userKey, private := newKey(t)
	g := &sshGuest{identity: filepath.Join(t.TempDir(), "identity")}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.identity, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	g.config = &ssh.ServerConfig{PublicKeyCallback: func(conn ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		if string(offered.Marshal()) != string(userKey.Marshal()) {
			return nil, errors.New("unknown key")
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.users = append(g.users, conn.User())
		return nil, nil
	}}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	g.config.AddHostKey(signer)
	return g
}

func newKey(t *testing.T) (ssh.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key, private
}

func (g *sshGuest) lastUser() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.users) == 0 {
		return ""
	}
	return g.users[len(g.users)-1]
}

// serve is the port of the guest.
func (g *sshGuest) serve(t *testing.T) http.HandlerFunc {
	return guest(t, func(socket *websocket.Conn) {
		conn, channels, requests, err := ssh.NewServerConn(&socketConn{Conn: socket}, g.config)
		if err != nil {
			return // the client did not like something, which is for it to tell
		}
		defer conn.Close()
		go ssh.DiscardRequests(requests)
		for offered := range channels {
			channel, requests, err := offered.Accept()
			if err != nil {
				return
			}
			go session(channel, requests)
		}
	})
}

// session runs what a client asks for, in a terminal if it wants one.
func session(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	var size *pty.Winsize
	for request := range requests {
		switch request.Type {
		case "pty-req":
			terminal := request.Payload[4+binary.BigEndian.Uint32(request.Payload):]
			size = &pty.Winsize{Cols: uint16(binary.BigEndian.Uint32(terminal)), Rows: uint16(binary.BigEndian.Uint32(terminal[4:]))}
			request.Reply(true, nil)
		case "shell", "exec":
			request.Reply(true, nil)
			cmd := exec.Command("/bin/sh")
			if request.Type == "exec" {
				cmd.Args = append(cmd.Args, "-c", string(request.Payload[4:]))
			}
			cmd.Env = []string{"PATH=/usr/bin:/bin", "PS1=guest$ "}
			code := runFor(channel, cmd, size)
			channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
			return
		default:
			request.Reply(false, nil)
		}
	}
}

func runFor(channel ssh.Channel, cmd *exec.Cmd, size *pty.Winsize) int {
	if size == nil {
		in, err := cmd.StdinPipe()
		if err != nil {
			return 255
		}
		cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
		go func() {
			io.Copy(in, channel)
			in.Close()
		}()
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	screen, err := pty.StartWithSize(cmd, size)
	if err != nil {
		return 255
	}
	defer screen.Close()
	go io.Copy(screen, channel)
	io.Copy(channel, screen)
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

// socketConn is a websocket as a net.Conn.
type socketConn struct {
	*websocket.Conn
	message io.Reader
}

func (c *socketConn) Read(p []byte) (int, error) {
	for {
		if c.message == nil {
			_, message, err := c.NextReader()
			if err != nil {
				return 0, io.EOF
			}
			c.message = message
		}
		n, err := c.message.Read(p)
		if err == io.EOF {
			c.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *socketConn) Write(p []byte) (int, error) {
	return len(p), c.WriteMessage(websocket.BinaryMessage, p)
}

// Close tells the client that the guest is done, as a server does.
func (c *socketConn) Close() error {
	_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	return c.Conn.Close()
}

func (c *socketConn) SetDeadline(time.Time) error { return nil }

// accepting has OpenSSH take the key of a guest that it sees for the first time, and read no other configuration.
var accepting = []string{"-t", "-F none", "-t", "-o StrictHostKeyChecking=accept-new", "-t", "-o IdentitiesOnly=yes"}

func TestSSHLogsInThroughTheCluster(t *testing.T) {
	g := newSSHGuest(t)
	var there atomic.Value
	there.Store(g.serve(t))
	cluster := newCluster(t, map[string]http.HandlerFunc{
		vmPort + "22":    func(w http.ResponseWriter, r *http.Request) { there.Load().(http.HandlerFunc)(w, r) },
		vmiPort + "2222": g.serve(t),
	})
	kubeconfig := cluster.kubeconfig(t)
	known := filepath.Join(t.TempDir(), "known hosts %h")
	common := append([]string{"-i", g.identity, "--known-hosts", known}, accepting...)
	for _, c := range []struct {
		args string
		user string
		want outcome
	}{
		{"ssh root@vm/demo -c 'echo out; echo err >&2; exit 42'", "root", outcome{42, "out\n", "err\n"}},
		{"ssh -l admin vm/demo/lab -- echo -n -v", "admin", outcome{0, "-v", ""}},
		{"ssh other@vmi/demo -l admin -p 2222 -- true", "other", outcome{0, "", ""}},
	} {
		got := outcomeOf(t, virtctlProcess(t, "", kubeconfig, append(common, split(c.args)...)...))
		// OpenSSH tells of every key that it remembers.
		got.errOut = strings.Join(keep(strings.SplitAfter(got.errOut, "\n"), "Warning: Permanently added"), "")
		if got != c.want || g.lastUser() != c.user {
			t.Errorf("%s: %+v as %s, want %+v as %s", c.args, got, g.lastUser(), c.want, c.user)
		}
	}
	hosts, err := os.ReadFile(known)
	if err != nil || !strings.Contains(string(hosts), "vm.demo.lab ssh-ed25519 ") || !strings.Contains(string(hosts), "[vmi.demo.lab]:2222 ssh-ed25519 ") {
		t.Errorf("known hosts: %s, %v", hosts, err)
	}
	// A guest that is known is not asked about again, and another one in its place is refused.
	strict := []string{"ssh", "-i", g.identity, "--known-hosts", known, "-t", "-o StrictHostKeyChecking=yes", "root@vm/demo", "-c", "echo again"}
	if got := outcomeOf(t, virtctlProcess(t, "", kubeconfig, strict...)); got != (outcome{0, "again\n", ""}) {
		t.Errorf("a known guest: %+v", got)
	}
	there.Store(newSSHGuest(t).serve(t))
	if got := outcomeOf(t, virtctlProcess(t, "", kubeconfig, strict...)); got.code != 255 || !strings.Contains(got.errOut, "HOST IDENTIFICATION HAS CHANGED") {
		t.Errorf("another guest in its place: %+v", got)
	}
}

func TestSSHInATerminal(t *testing.T) {
	g := newSSHGuest(t)
	cluster := newCluster(t, map[string]http.HandlerFunc{vmPort + "22": g.serve(t)})
	args := append([]string{"ssh", "root@vm/demo", "-i", g.identity}, accepting...)
	p := inTerminal(t, virtctlProcess(t, "", cluster.kubeconfig(t), args...), 31, 117)
	p.screen.await(t, "guest$ ")
	press(t, p.keyboard, "stty size\r")
	p.screen.await(t, "31 117")
	// Ctrl-C is for what runs in the guest.
	press(t, p.keyboard, "sleep 60; echo interr''upted\r")
	p.screen.await(t, "sleep 60")
	press(t, p.keyboard, "\x03")
	press(t, p.keyboard, "echo still''here; exit 7\r")
	p.screen.await(t, "stillhere")
	if code := p.exits(t); code != 7 {
		t.Errorf("exit code %d; the terminal shows %q", code, p.screen)
	}
}

func TestSSHTellsWhyThereIsNoConnection(t *testing.T) {
	cluster := newCluster(t, map[string]http.HandlerFunc{
		vmPort + "22": refuse(409, "Conflict", `Operation cannot be fulfilled on virtualmachine.kubevirt.io "demo": VMI is not started`),
	})
	got := outcomeOf(t, virtctlProcess(t, "", cluster.kubeconfig(t), append([]string{"ssh", "vm/demo"}, accepting...)...))
	if got.code != 255 || !strings.Contains(got.errOut, "Error from server (Conflict): ") || !strings.Contains(got.errOut, "VMI is not started") {
		t.Errorf("%+v", got)
	}
	install(t, "", "")
	if got := cluster.run(t, "ssh", "vm/demo"); got.code != 1 || !strings.Contains(got.errOut, "ssh is not installed on this machine") {
		t.Errorf("%+v", got)
	}
}

// The flags that say which cluster is meant hold for the connection too, and the program may have any name.
func TestSSHConnectsAsThisCommandWould(t *testing.T) {
	g := newSSHGuest(t)
	cluster := newCluster(t, map[string]http.HandlerFunc{
		"GET /apis/subresources.kubevirt.io/v1/namespaces/other/virtualmachines/demo/portforward/22": g.serve(t),
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// It has to be on the same file system for a link.
	dir, err := os.MkdirTemp(filepath.Dir(self), `it's $HOME %h "x" \ dir`)
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	link := filepath.Join(dir, "kubectl-virt")
	if err := os.Link(self, link); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"ssh", "vm/demo", "--kubeconfig", cluster.kubeconfig(t), "-n", "other", "--as", "it's me", "--as-group=a b,c",
		"-i", g.identity, "-l", "root", "-c", "echo here"}, accepting...)
	got := outcomeOf(t, virtctlProcess(t, link, "/nowhere", args...))
	if got.code != 0 || got.out != "here\n" {
		t.Errorf("%+v", got)
	}
}

func TestSSHRefusesWhatCouldBeAnOption(t *testing.T) {
	cluster := newCluster(t, nil)
	install(t, "ssh", `echo "ran" > "${0%/*}/ran"`)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--", "-oProxyCommand=id@vm/demo"}, "begins with a dash"},
		{[]string{"vm/demo", "-l", "-oProxyCommand=id"}, "begins with a dash"},
		{[]string{"vm/demo", "-l", "a;id"}, `has ';' in it`},
		{[]string{"a$(id)@vm/demo"}, `has '$' in it`},
		{[]string{"root@vm/-oProxyCommand=id"}, "is not a valid name"},
		{[]string{"root@vm/demo.$(id)"}, "is not a valid name"},
		{[]string{"root@vm/demo", "-n", "a;id"}, "is not a valid namespace"},
		{[]string{"root@vm/demo/a`id`"}, "is not a valid namespace"},
		{[]string{"@vm/demo"}, "the name of the user is empty"},
		{[]string{"root@"}, "is empty"},
		{[]string{"vm/demo", "-p", "0"}, "a guest has no port 0"},
		{[]string{"vm/demo", "-t", "host"}, "an option of ssh begins with a dash"},
		{[]string{"vm/demo", "--known-hosts", "a\nb"}, "has characters in it"},
		{[]string{"vm/demo", "ls"}, "write -- before the command"},
		{[]string{"vm/demo", "-c", "ls", "--", "ls"}, "given twice"},
		{nil, "an argument is missing"},
	} {
		got := cluster.run(t, append([]string{"ssh"}, c.args...)...)
		if got.code != 1 || !strings.HasPrefix(got.errOut, "Error: ") || !strings.Contains(got.errOut, c.want) {
			t.Errorf("%q: %+v, want %q", c.args, got, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("PATH"), "ran")); err == nil {
		t.Error("ssh was started")
	}
}

// split cuts a command line at its blanks, except between single quotes.
func split(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// keep returns the lines that do not begin with start.
func keep(lines []string, start string) []string {
	var kept []string
	for _, line := range lines {
		if !strings.HasPrefix(line, start) {
			kept = append(kept, line)
		}
	}
	return kept
}
