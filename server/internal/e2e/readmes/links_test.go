package readmes_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestLinksOfREADMEs follows all links within the repository: the file is there, and has the heading of the anchor.
func TestLinksOfREADMEs(t *testing.T) {
	t.Parallel()
	all := readmes(t)
	link, code := regexp.MustCompile(`\]\(([^)\s]*)\)`), regexp.MustCompile("(?s)```.*?```|`[^`]*`")
	followed := 0
	for name, text := range all {
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "/") {
				continue
			}
			followed++
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
			}
			if _, err := os.Stat(filepath.Join(top, file)); err != nil {
				t.Errorf("%s links to %s: %v", name, found[1], err)
			} else if anchor != "" && !slices.Contains(anchors(all[file]), anchor) {
				t.Errorf("%s links to %s, which is no heading of %s", name, found[1], file)
			}
		}
	}
	if followed == 0 {
		t.Error("no links were found")
	}
}

// anchors are those of the headings of a file, as GitHub makes them.
func anchors(text string) []string {
	var all []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, heading[1]))
	}
	return all
}
