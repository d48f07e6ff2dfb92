// Package lua holds the scripts that run inside Redis, one file an operation, and puts their sources together.
//
// A script, or a fragment, names the fragments it needs in lines of the form
//
//	--@include lib/time.lua
//
// each of which comes once, before its first user; tick.lua says with --@policy where the matching policy goes.
// Fragments are functions of their parameters: they touch neither KEYS nor ARGV.
package lua

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.lua lib/*.lua policy/*.lua
var files embed.FS

const (
	includeMark = "--@include "
	policyMark  = "--@policy"
)

// Source returns the assembled source of a script, named without its ".lua". policy is the Lua source that goes where
// the script says --@policy, and is ignored by scripts that don't.
func Source(script, policy string) (string, error) {
	a := assembly{files: files, policy: policy}
	err := a.add(script + ".lua")
	return a.String(), err
}

// Policy returns the source of a policy that matchq brings along, and whether there is one of that name.
func Policy(name string) (string, bool) {
	source, err := files.ReadFile("policy/" + name + ".lua")
	return string(source), err == nil
}

// Scripts returns the names of all scripts, sorted.
func Scripts() []string {
	paths, err := fs.Glob(files, "*.lua")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(path, ".lua")
	}
	return paths
}

// assembly is a source in the making.
type assembly struct {
	strings.Builder
	files  fs.FS
	policy string
	within []string // the file at work, and those that include it
	done   []string
}

// add appends a file with its marks replaced.
func (a *assembly) add(path string) error {
	if slices.Contains(a.within, path) {
		return fmt.Errorf("lua: %s includes itself by way of %s", path, strings.Join(a.within, ", "))
	}
	source, err := fs.ReadFile(a.files, path)
	if err != nil {
		return fmt.Errorf("lua: %w", err)
	}
	a.within = append(a.within, path)
	for line := range strings.Lines(string(source)) {
		mark := strings.TrimRight(line, "\r\n")
		fragment, include := strings.CutPrefix(mark, includeMark)
		switch {
		case include && slices.Contains(a.done, fragment):
		case include:
			if err := a.add(fragment); err != nil {
				return err
			}
		case mark == policyMark:
			a.WriteString(wrapPolicy(a.policy))
		default:
			a.WriteString(line)
		}
	}
	a.within = a.within[:len(a.within)-1]
	a.done = append(a.done, path)
	return nil
}

// wrapPolicy keeps a policy's names out of the script and Redis out of the policy: it only computes.
func wrapPolicy(source string) string {
	return "local policy = (function()\n" +
		"local redis, KEYS, ARGV = nil, nil, nil -- luacheck: ignore\n" +
		source + "\nend)()\n"
}
