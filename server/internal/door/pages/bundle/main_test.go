package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The bundles in the repository are those of the sources.
func TestBundlesAreCurrent(t *testing.T) {
	t.Parallel()
	const remedy = "run: go generate ./server/internal/door/pages"
	files, err := build("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if got, err := os.ReadFile(filepath.Join("../bundles", name)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("bundles/%s is not that of its sources (%v); %s", name, err, remedy)
		}
	}
	entries, err := os.ReadDir("../bundles")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if files[entry.Name()] == nil {
			t.Errorf("bundles/%s has no sources; %s", entry.Name(), remedy)
		}
	}
}

// A source with a mistake gives an error that says where, and no bundles.
func TestMistakes(t *testing.T) {
	t.Parallel()
	if files, err := build(t.TempDir()); err == nil || files != nil {
		t.Errorf("a folder without sources gives %d files, %v", len(files), err)
	}
}
