package testkit

import (
	"flag"
	"strconv"
	"testing"
)

// Checks lets rapid make so many checks rather than its 100, unless a flag says how many.
func Checks(t testing.TB, checks int) {
	t.Helper()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "rapid.checks" })
	if told {
		return
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(checks)); err != nil {
		t.Fatal(err)
	}
}
