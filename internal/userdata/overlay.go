package userdata

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"bluegreen/internal/pattern"
)

var (
	tableLine = pattern.Lazy(`^\s*\[`)
	imageLine = pattern.Lazy(`^image\s*=\s*("[^"\\]*"|'[^']*')(\s*#.*)?\s*$`)
)

// SetImage is an overlay with another image. The rest stays as it is, with its comments if the image stands on a line of
// its own, as it mostly does.
func SetImage(overlay, image string) (string, error) {
	before := map[string]any{}
	if err := toml.Unmarshal([]byte(overlay), &before); err != nil {
		return "", fmt.Errorf("read the settings in the user data: %w", err)
	}
	before["image"] = image
	if edited := editImage(overlay, image); isTable(edited, before) {
		return edited, nil
	}
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(before); err != nil {
		return "", fmt.Errorf("write the settings in the user data: %w", err)
	}
	if !isTable(b.String(), before) {
		return "", fmt.Errorf("the settings in the user data cannot be written again; set the image there by hand")
	}
	return b.String(), nil
}

// editImage replaces the line with the image, or puts one first.
func editImage(overlay, image string) string {
	line := "image = " + strconv.Quote(image) + "\n"
	var b strings.Builder
	done, top := false, true
	for l := range strings.Lines(overlay) {
		top = top && !tableLine().MatchString(l)
		if top && !done && imageLine().MatchString(l) {
			l, done = line, true
		}
		b.WriteString(l)
	}
	if done {
		return b.String()
	}
	return line + overlay
}

// isTable says whether a text is just that table.
func isTable(text string, table map[string]any) bool {
	read := map[string]any{}
	return toml.Unmarshal([]byte(text), &read) == nil && reflect.DeepEqual(read, table)
}
