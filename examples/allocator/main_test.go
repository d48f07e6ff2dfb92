package main

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Each match gets a server, and only one, though every third step of the workers fails.
func TestAllocator(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out strings.Builder
	var steps atomic.Int32
	err := run(ctx, &out, func() error {
		if steps.Add(1)%3 == 0 {
			return errors.New("the worker fails")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range []string{"alice and bob", "carol and dave", "erin and frank"} {
		line := regexp.MustCompile(`(?m)^` + pair + ` play on 10\.0\.0\.[12]:7777$`)
		if found := line.FindAllString(out.String(), -1); len(found) != 1 {
			t.Errorf("%s play %d times:\n%s", pair, len(found), out.String())
		}
	}
}
