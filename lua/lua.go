// Package lua holds the scripts that run inside Redis, one file an operation, and puts their sources together.
//
// A script begins with a header, which names its keys and arguments: see Header. Its code uses those names; the
// indices into KEYS and ARGV, the check that their numbers fit and the guard of the configuration are added here.
//
// A script, or a fragment, names the fragments it needs in lines of the form
//
//	--@include lib/time.lua
//
// each of which comes once, before its first user.
// Fragments are functions of their parameters: they touch neither KEYS nor ARGV.
package lua

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

//go:embed match/*.lua presence/*.lua rooms/*.lua history/*.lua lib/*.lua policy/*.lua
var files embed.FS

// subsystems are the folders with scripts.
var subsystems = []string{"history", "match", "presence", "rooms"}

const includeMark = "--@include "

// Source returns the assembled source of a script, such as "match/enqueue". Each is put together once.
func Source(script string) (string, error) {
	if source, found := assembled.Load(script); found {
		return source.(string), nil //nolint:forcetypeassert // only strings are stored
	}
	a := assembly{files: files}
	if err := a.addScript(script); err != nil {
		return "", err
	}
	source := dropUnused(a.String())
	assembled.Store(script, source)
	return source, nil
}

var assembled sync.Map

// HeaderOf returns the interface of a script. The error says also why its code can't be bound to it.
func HeaderOf(script string) (*Header, error) {
	source, err := files.ReadFile(script + ".lua")
	if err != nil {
		return nil, fmt.Errorf("lua: %w", err)
	}
	header, _, err := parseHeader(script, string(source))
	if err != nil {
		return nil, err
	}
	_, err = Source(script)
	return header, err
}

// Fragment returns a fragment with those it needs, for tests.
func Fragment(path string) (string, error) {
	a := assembly{files: files}
	err := a.add(path)
	return a.String(), err
}

// Scripts returns the names of all scripts, sorted.
func Scripts() []string {
	var scripts []string
	for _, folder := range subsystems {
		paths, err := fs.Glob(files, folder+"/*.lua")
		if err != nil {
			panic(err) // the pattern is a constant
		}
		for _, path := range paths {
			scripts = append(scripts, strings.TrimSuffix(path, ".lua"))
		}
	}
	return scripts
}

// assembly is a source in the making.
type assembly struct {
	strings.Builder
	files  fs.FS
	within []string // the file at work, and those that include it
	done   []string
}

// addScript appends a script: the fragments it includes, its header as Lua, its code.
func (a *assembly) addScript(script string) error {
	source, err := fs.ReadFile(a.files, script+".lua")
	if err != nil {
		return fmt.Errorf("lua: %w", err)
	}
	header, code, err := parseHeader(script, string(source))
	if err != nil {
		return err
	}
	includes, code := cutIncludes(code)
	a.within = []string{script + ".lua"}
	if err := a.addLines(includes); err != nil {
		return err
	}
	if err := refuseShadowing(header, a.String()); err != nil {
		return err
	}
	if header.GoesOn {
		if code, err = goOnWhenFull(header, code, a.String()); err != nil {
			return err
		}
	}
	code, err = bind(header, code)
	if err != nil {
		return err
	}
	return a.addLines(code)
}

// cutIncludes cuts the marks at the head of a script's code.
func cutIncludes(code string) (includes, rest string) {
	end := 0
	for line := range strings.Lines(code) {
		if !strings.HasPrefix(line, "--@") && line != "\n" {
			break
		}
		end += len(line)
	}
	return code[:end], code[end:]
}

// refuseShadowing refuses a header that gives a name of a fragment another meaning.
func refuseShadowing(h *Header, fragments string) error {
	for line := range strings.Lines(fragments) {
		if !strings.HasPrefix(line, "local ") {
			continue
		}
		for _, found := range localNames.FindAllStringSubmatch(line, 1) {
			if slices.Contains(h.names(), strings.Fields(found[1])[0]) {
				return fmt.Errorf("lua: %s: the header gives %s, a name of a fragment, another meaning", h.Script, found[1])
			}
		}
	}
	return nil
}

// add appends a fragment with its marks replaced.
func (a *assembly) add(path string) error {
	if slices.Contains(a.within, path) {
		return fmt.Errorf("lua: %s includes itself by way of %s", path, strings.Join(a.within, ", "))
	}
	source, err := fs.ReadFile(a.files, path)
	if err != nil {
		return fmt.Errorf("lua: %w", err)
	}
	a.within = append(a.within, path)
	if err := a.addLines(string(source)); err != nil {
		return err
	}
	a.within = a.within[:len(a.within)-1]
	a.done = append(a.done, path)
	return nil
}

// addLines appends code with its marks replaced.
func (a *assembly) addLines(code string) error {
	for line := range strings.Lines(code) {
		mark := strings.TrimRight(line, "\r\n")
		fragment, include := strings.CutPrefix(mark, includeMark)
		switch {
		case include && slices.Contains(a.done, fragment):
		case include:
			if err := a.add(fragment); err != nil {
				return err
			}
		default:
			a.WriteString(line)
		}
	}
	return nil
}
