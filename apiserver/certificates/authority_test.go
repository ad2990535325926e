// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package certificates

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// names shows an authority as the birth days of its CAs, counted from epoch: "current/next/previous...".
func names(a authority) string {
	show := func(p *keyPair) string {
		if p == nil {
			return "-"
		}
		return birth(p.cert.NotBefore)
	}
	s := show(a.current) + "/" + show(a.next)
	for _, c := range a.previous {
		s += "/" + birth(c.NotBefore)
	}
	return s
}

func birth(notBefore time.Time) string {
	return fmt.Sprint(int(notBefore.Add(backdate).Sub(epoch) / day))
}

// TestAuthorityOverItsWholeLife visits the CA once a day for 30 years and once after a long absence.
func TestAuthorityOverItsWholeLife(t *testing.T) {
	var a authority
	var history []string
	last := ""
	for today := 0; today <= 30*365; today++ {
		now := epoch.Add(time.Duration(today) * day)
		before := a.certificates()
		next, changed, err := a.advance(now, generateAuthority)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(next); got != last {
			if !changed {
				t.Errorf("day %d: %s became %s, reported as unchanged", today, last, got)
			}
			history = append(history, fmt.Sprintf("%d: %s", today, got))
			last = got
		} else if changed {
			t.Errorf("day %d: %s reported as changed", today, got)
		}
		// What signs now was trusted 30 days ago, but for the very first.
		if a.current != nil && !next.current.same(a.current) {
			published := now.Sub(next.current.cert.NotBefore.Add(backdate))
			if published < trustLead {
				t.Errorf("day %d: the new CA signs after %s in the bundle", today, published)
			}
		}
		// Nobody's trust is dropped before it expires.
		for _, c := range before {
			if now.Before(c.NotAfter) && !contains(next, c.Raw) {
				t.Errorf("day %d: the CA of day %s left the bundle early", today, birth(c.NotBefore))
			}
		}
		// Certificates signed today never end with their CA.
		if left := next.current.cert.NotAfter.Sub(now); left < leafLife {
			t.Errorf("day %d: the signing CA has only %s left", today, left)
		}
		a = next
	}
	want := strings.TrimSpace(`
0: 0/-
3255: 0/3255
3285: 3255/-/0
3650: 3255/-
6510: 3255/6510
6540: 6510/-/3255
6905: 6510/-
9765: 6510/9765
9795: 9765/-/6510
10160: 9765/-`)
	if got := strings.Join(history, "\n"); got != want {
		t.Errorf("life of the authority:\n%s\nwant:\n%s", got, want)
	}
}

func contains(a authority, raw []byte) bool {
	for _, c := range a.certificates() {
		if bytes.Equal(c.Raw, raw) {
			return true
		}
	}
	return false
}

func TestAuthorityAfterAnAbsence(t *testing.T) {
	born := func(days int) *keyPair {
		p, err := generateAuthority(epoch.Add(time.Duration(days) * day))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first, second := born(0), born(3255)
	for _, c := range []struct {
		name  string
		start authority
		day   int
		want  string
	}{
		{"nothing stored", authority{}, 5, "5/-"},
		{"current expired unprepared: the successor signs at once", authority{current: first}, 4000, "4000/-"},
		{"current expired, next prepared long ago", authority{current: first, next: second}, 4000, "3255/-"},
		{"current alive, next prepared long ago", authority{current: first, next: second}, 3500, "3255/-/0"},
		{"all expired", authority{current: first, next: second}, 9000, "9000/-"},
		{"days before the end without a successor: it is trusted first", authority{current: first}, 3645, "0/3645"},
	} {
		got, changed, err := c.start.advance(epoch.Add(time.Duration(c.day)*day), generateAuthority)
		if err != nil {
			t.Fatal(err)
		}
		if names(got) != c.want || !changed {
			t.Errorf("%s: %s (changed %t), want %s", c.name, names(got), changed, c.want)
		}
	}
}

func TestAuthorityStaysTheSameThroughItsSecret(t *testing.T) {
	a := authority{}
	for _, today := range []int{0, 3255, 3290, 6510, 6520} {
		next, _, err := a.advance(epoch.Add(time.Duration(today)*day), generateAuthority)
		if err != nil {
			t.Fatal(err)
		}
		data := map[string][]byte{"note": []byte("not ours")}
		if err := next.encode(data); err != nil {
			t.Fatal(err)
		}
		read, err := decodeAuthority(data)
		if err != nil {
			t.Fatal(err)
		}
		if names(read) != names(next) || string(data["note"]) != "not ours" {
			t.Errorf("day %d: wrote %s, read %s", today, names(next), names(read))
		}
		// The key that was read signs for the certificate that was read.
		if _, err := newLeaf(read.current, clientTemplate(), epoch, day); err != nil {
			t.Errorf("day %d: %v", today, err)
		}
		a = read
	}
}

func TestDecodeAuthorityRefuses(t *testing.T) {
	good, err := generateAuthority(epoch)
	if err != nil {
		t.Fatal(err)
	}
	other, err := generateAuthority(epoch)
	if err != nil {
		t.Fatal(err)
	}
	end, err := newLeaf(good, clientTemplate(), epoch, day)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data map[string][]byte
		want string
	}{
		{"a certificate without its key", map[string][]byte{"tls.crt": good.certPEM}, "tls.crt without tls.key"},
		{"a key without its certificate", map[string][]byte{"tls.key": good.keyPEM}, "tls.key without tls.crt"},
		{"another CA's key", map[string][]byte{"tls.crt": good.certPEM, "tls.key": other.keyPEM}, "does not belong"},
		{"an end certificate", map[string][]byte{"tls.crt": end.certPEM, "tls.key": end.keyPEM}, "not a CA"},
		{"two certificates", map[string][]byte{"tls.crt": append(bytes.Clone(good.certPEM), other.certPEM...), "tls.key": good.keyPEM}, "want one"},
		{"rubbish", map[string][]byte{"tls.crt": []byte("x"), "tls.key": []byte("y")}, "parse certificate"},
		{"rubbish as next", map[string][]byte{"tls.crt": good.certPEM, "tls.key": good.keyPEM, "next.crt": []byte("x"), "next.key": []byte("y")}, "next.crt"},
		{"rubbish as previous", map[string][]byte{"tls.crt": good.certPEM, "tls.key": good.keyPEM, "previous.crt": []byte("x")}, "previous.crt"},
	} {
		if _, err := decodeAuthority(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
