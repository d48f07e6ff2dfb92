package lua

import (
	"regexp"
	"slices"
	"strings"
)

// Redis makes every function of a script anew in each call, and the embedded one has room for some 200 names at the top
// of a script. So functions of fragments that a script does not need are left out.

var word = regexp.MustCompile(`\w+`)

// piece is a function that begins at the left margin, with the comment above it, or other lines.
type piece struct {
	name  string // of the function
	lines []string
}

// dropUnused leaves out the functions that nothing uses, directly or by way of others.
func dropUnused(source string) string {
	pieces := cutPieces(strings.SplitAfter(source, "\n"))
	used, open := map[string]bool{}, []string(nil)
	use := func(p *piece) {
		for _, line := range p.lines {
			code, _, _ := strings.Cut(line, "--")
			open = append(open, word.FindAllString(code, -1)...)
		}
	}
	functions := map[string][]*piece{}
	for i := range pieces {
		if p := &pieces[i]; p.name == "" {
			use(p)
		} else {
			functions[p.name] = append(functions[p.name], p)
		}
	}
	for len(open) > 0 {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		if used[name] {
			continue
		}
		used[name] = true
		for _, p := range functions[name] {
			use(p)
		}
	}
	var kept strings.Builder
	for _, p := range pieces {
		if p.name == "" || used[p.name] {
			kept.WriteString(strings.Join(p.lines, ""))
		}
	}
	return kept.String()
}

// cutPieces cuts a source into functions and what stands between them. A function that has others at the left margin, as
// an engine does, counts as lines.
func cutPieces(lines []string) []piece {
	pieces := []piece{{}}
	for i := 0; i < len(lines); i++ {
		found, end := functionHead.FindStringSubmatch(lines[i]), endOf(lines, i)
		last := &pieces[len(pieces)-1]
		if found == nil || end == 0 {
			last.lines = append(last.lines, lines[i])
			continue
		}
		above := len(last.lines)
		for above > 0 && strings.HasPrefix(last.lines[above-1], "--") {
			above--
		}
		body := slices.Concat(last.lines[above:], lines[i:end])
		last.lines = last.lines[:above]
		pieces = append(pieces, piece{found[1], body}, piece{})
		i = end - 1
	}
	return pieces
}

// endOf is where the function ends that begins at a line: the line after it; 0 if another one begins before.
func endOf(lines []string, at int) int {
	for i := at + 1; i < len(lines); i++ {
		if strings.TrimRight(lines[i], "\r\n") == "end" {
			return i + 1
		}
		if functionHead.MatchString(lines[i]) {
			break
		}
	}
	return 0
}
