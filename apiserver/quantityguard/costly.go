// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package quantityguard

import "bytes"

const (
	// minDigits is where exponents begin to cost: 1e-999 takes 20 µs, and each more digit ten to a hundred times as much.
	minDigits = 4
	// wrapDigits is where positive exponents begin to wrap around to negative ones: the parser keeps 32 bits of them.
	wrapDigits = 10
	// maxNumber caps a number's digits, to read which takes time by their square; the longest that means anything has 29.
	maxNumber = 1024
)

// costly tells whether a text would be a quantity as a whole that takes long to parse. It reads like the parser, which
// trims the text.
func costly(text []byte) bool {
	text = bytes.TrimSpace(text)
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	number := span(text, func(c byte) bool { return digit(c) || c == '.' })
	suffix := text[number:]
	letters := span(suffix, func(c byte) bool { return bytes.IndexByte([]byte("eEinumkKMGTP"), c) >= 0 })
	rest := suffix[letters:]
	negative := len(rest) > 0 && rest[0] == '-'
	if negative || len(rest) > 0 && rest[0] == '+' {
		rest = rest[1:]
	}
	digits := span(rest, digit)
	switch {
	case number == 0 || digits < len(rest):
		return false
	case number > maxNumber:
		return true
	case letters != 1 || suffix[0] != 'e' && suffix[0] != 'E':
		return false
	}
	return negative && digits >= minDigits || digits >= wrapDigits
}

// suspicious tells whether a costly quantity may stand in a body as it is. It has to be cheap: it sees every write.
func suspicious(body []byte) bool {
	for at := 0; ; {
		i := bytes.IndexByte(body[at:], '-')
		if i < 0 {
			break
		}
		at += i
		if at > 0 && body[at-1]|0x20 == 'e' && span(body[at+1:min(at+1+minDigits, len(body))], digit) == minDigits {
			return true
		}
		at++
	}
	// One in wrapDigits bytes is enough to find every run of so many digits.
	for i := wrapDigits - 1; i < len(body); i += wrapDigits {
		if !digit(body[i]) {
			continue
		}
		first := i
		for first > 0 && digit(body[first-1]) {
			first--
		}
		run := i - first + span(body[i:], digit)
		if run >= maxNumber/2 || run >= wrapDigits && first > 0 && (body[first-1] == '+' || body[first-1]|0x20 == 'e') {
			return true
		}
		i = first + run
	}
	return false
}

var jsonEscape = []byte(`\u00`)

// mayHide tells whether a body may be YAML that writes a text otherwise: by escapes and broken lines in quotes, as base64
// behind a tag, or in UTF-16.
func mayHide(body []byte) bool {
	return bytes.ContainsAny(body, `\!%`) || len(body) > 0 && body[0] >= 0xfe
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// span counts the bytes at the beginning of text that are in a set.
func span(text []byte, in func(byte) bool) int {
	for i, c := range text {
		if !in(c) {
			return i
		}
	}
	return len(text)
}
