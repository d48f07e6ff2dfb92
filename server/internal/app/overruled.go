package app

import (
	"fmt"
	"os"
	"strings"

	"github.com/matchq/matchq/matchq"
)

// maxOverruled is how many patterns a warning names.
const maxOverruled = 2

// warning tells operators which rules a node was started with that don't count; "" if all do.
func warning(all []matchq.Overruled) string {
	var parts []string
	for i := range all {
		if i == maxOverruled {
			parts = append(parts, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		parts = append(parts, overruled(&all[i]))
	}
	return strings.Join(parts, "; ")
}

func overruled(o *matchq.Overruled) string {
	own := "rules"
	if o.Fields != "" {
		own = strings.ReplaceAll(o.Fields, " ", ", ")
	}
	var by string
	switch o.InForce.Source {
	case matchq.FromDefaults:
		by = "those rules were deleted"
	case matchq.FromOperator:
		by = o.InForce.By + " has set other rules"
	case matchq.FromConfiguration:
		by = "a later start on " + o.InForce.By + " has set other rules"
	}
	return fmt.Sprintf("started with %s for %s, which don't count: %s", own, o.Pattern, by)
}

// thisMachine names this machine where the rules of its flags are shown; "" if it has no usable name.
func thisMachine() string {
	name, err := os.Hostname()
	if err != nil || matchq.CheckName("by", name) != nil {
		return ""
	}
	return name
}
