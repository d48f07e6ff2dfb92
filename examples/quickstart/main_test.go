package main

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestQuickstart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out strings.Builder
	if err := run(ctx, &out); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^alice waits for history
bob waits for history
carol waits for history
dave waits for history
erin waits for history
alice plays bob in room-\d+-\d+-0
carol plays dave in room-\d+-\d+-1
1 player still waits
$`)
	if !want.MatchString(out.String()) {
		t.Errorf("it printed:\n%s", &out)
	}
}
