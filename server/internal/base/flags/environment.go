package flags

import (
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// variableOf is a flag's environment variable; "" for flags that are commands. An image may have such a variable for
// something else: a version, say.
func variableOf(flag string) string {
	switch flag {
	case "help", "version", "healthcheck":
		return ""
	}
	return "MATCHQ_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// environment reads the variables. A blank one is as if it were not set, for all kinds of flags: files for containers
// write that for a variable without a value.
func environment(f *Flags) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		name := variableOf(flag.Name)
		value, ok := os.LookupEnv(name)
		switch {
		case name == "" || !ok:
			return nil, nil
		case strings.TrimSpace(value) == "":
			f.Blank = append(f.Blank, name)
			return nil, nil
		}
		return value, nil
	})
}
