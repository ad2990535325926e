// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package rdp

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	// look is the time between two looks at the picture.
	look = 250 * time.Millisecond
	// tolerance is how far each part of a colour may be off after it was compressed.
	tolerance = 8
)

// Screen is an X server whose picture is a file.
type Screen struct {
	testing.TB
	display string
	file    string
	client  *Client // who draws, once Connect was called
}

// NewScreen starts an X server, which ends with the test.
func NewScreen(t testing.TB, width, height int) *Screen {
	t.Helper()
	program, err := exec.LookPath("Xvfb")
	if err != nil {
		t.Fatalf("%v; install the Debian package xvfb", err)
	}
	dir := t.TempDir()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	// Descriptor 3: the server picks a free number, and says it when it is ready.
	cmd := exec.Command(program, "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height), "-fbdir", dir, "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Start()
	write.Close()
	if err != nil {
		t.Fatalf("start Xvfb: %v", err)
	}
	t.Cleanup(func() { end(cmd) })
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb has ended: %v", err)
	}
	return &Screen{TB: t, display: ":" + strings.TrimSpace(number), file: filepath.Join(dir, "Xvfb_screen0")}
}

// end stops a program, which is no news.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// Picture is what is on the screen.
func (s *Screen) Picture() *image.RGBA {
	s.Helper()
	raw, err := os.ReadFile(s.file)
	if err != nil {
		s.Fatalf("read screen: %v", err)
	}
	picture, err := decodeXWD(raw)
	if err != nil {
		s.Fatalf("read screen: %v", err)
	}
	return picture
}

// AwaitShades waits until the picture has that many colours, and returns how long it took.
func (s *Screen) AwaitShades(count int, timeout time.Duration) time.Duration {
	s.Helper()
	return s.await(fmt.Sprintf("%d colours", count), timeout, func(picture *image.RGBA) string {
		if got := shades(picture); got < count {
			return fmt.Sprintf("%d", got)
		}
		return ""
	})
}

// AwaitColour waits until that share of the picture has a colour, and returns how long it took.
func (s *Screen) AwaitColour(wanted color.RGBA, part float64, timeout time.Duration) time.Duration {
	s.Helper()
	return s.await(fmt.Sprintf("%.0f %% of %v", 100*part, wanted), timeout, func(picture *image.RGBA) string {
		if got := share(picture, wanted); got < part {
			return fmt.Sprintf("%.1f %%", 100*got)
		}
		return ""
	})
}

// await looks until fits returns nothing; a picture has no event to wait for.
func (s *Screen) await(what string, timeout time.Duration, fits func(*image.RGBA) string) time.Duration {
	s.Helper()
	began := time.Now()
	for {
		got := fits(s.Picture())
		if got == "" {
			return time.Since(began)
		}
		if s.client != nil && s.client.Ended() {
			s.Fatalf("FreeRDP has ended while the screen shows %s, want %s", got, what)
		}
		if time.Since(began) > timeout {
			s.Fatalf("the screen shows %s after %s, want %s; see %s", got, timeout, what, s.save())
		}
		time.Sleep(look)
	}
}

// save keeps the picture beyond the test, and returns where.
func (s *Screen) save() string {
	f, err := os.CreateTemp("", "screen-*.png")
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if err := png.Encode(f, s.Picture()); err != nil {
		return err.Error()
	}
	return f.Name()
}

// share is the part of a picture that has a colour.
func share(picture *image.RGBA, wanted color.RGBA) float64 {
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= tolerance }
	count := 0
	for at := 0; at < len(picture.Pix); at += 4 {
		pixel := picture.Pix[at : at+4]
		if near(pixel[0], wanted.R) && near(pixel[1], wanted.G) && near(pixel[2], wanted.B) {
			count++
		}
	}
	return float64(count) / float64(len(picture.Pix)/4)
}

// shades is the number of different colours of a picture.
func shades(picture *image.RGBA) int {
	seen := map[[3]uint8]bool{}
	for at := 0; at < len(picture.Pix); at += 4 {
		seen[[3]uint8(picture.Pix[at:at+3])] = true
	}
	return len(seen)
}
