// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtctl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// pngSignature begins every picture in this format.
var pngSignature = []byte("\x89PNG\r\n\x1a\n")

func newScreenshotCommand(client *client) *cobra.Command {
	var file string
	var moveCursor bool
	cmd := &cobra.Command{
		Use:   "screenshot VMI --file=FILE [flags]",
		Short: "Save a picture of the screen of a guest",
		Long:  "Save a picture of the screen of a guest, as PNG. Who looks at the screen is not disturbed.",
		Example: `
# Save the screen of the virtual machine demo.
virtctl vnc screenshot demo --file=demo.png

# Wake a sleeping screen first, and show the picture at once.
virtctl vnc screenshot demo --move-cursor --file=- | display`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeKindAndName(client, instances),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := parseTarget(args, instances)
			if err != nil {
				return err
			}
			if file == "" {
				return usageError(cmd, errors.New("--file is missing: name a file for the picture, or - for the standard output"))
			}
			out := cmd.OutOrStdout()
			if f, is := out.(*os.File); file == "-" && is && term.IsTerminal(int(f.Fd())) {
				return errors.New("--file=-: a terminal cannot show the picture; redirect the output to a file or a program")
			}
			connection, err := client.open()
			if err != nil {
				return err
			}
			request := connection.requests.Get().AbsPath(connection.subresource(target{instances, t.name}, "vnc/screenshot")...)
			if moveCursor {
				request.Param("moveCursor", "true")
			}
			result := request.SetHeader("Accept", "image/png, */*").Do(cmd.Context())
			// Error, unlike Raw, knows the server's reason.
			if err := result.Error(); err != nil {
				return client.explainStopped(cmd.Context(), "vnc screenshot", t.name, err)
			}
			picture, err := result.Raw()
			if err != nil {
				return err
			}
			if !bytes.HasPrefix(picture, pngSignature) {
				return fmt.Errorf("the server's answer of %d bytes is no PNG picture", len(picture))
			}
			return save(out, file, picture)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "File for the picture, - for the standard output")
	cmd.Flags().BoolVarP(&moveCursor, "move-cursor", "m", false, "Move the mouse first, which wakes a sleeping screen")
	return cmd
}

// save writes content to a file, or to out when its name is a dash. A file that exists is replaced whole or not at all.
func save(out io.Writer, file string, content []byte) error {
	if file == "-" {
		_, err := out.Write(content)
		return err
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		// A device or a pipe is written to, not replaced.
		return os.WriteFile(file, content, 0)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Chmod(0o644)
	}
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		os.Remove(temporary.Name())
	}
	return err
}
