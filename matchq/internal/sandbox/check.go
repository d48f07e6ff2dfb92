package sandbox

import (
	"context"
	"strings"

	"github.com/matchq/matchq/matchq/internal/space"
)

var policyScript = space.Bind[policyArgs]("match/policy")

type policyArgs struct {
	Policy string `lua:"policy"`
	Source string `lua:"source"`
	Names  string `lua:"names"`
}

// Check has Redis load a policy. fault is its complaint.
func Check(ctx context.Context, in *space.Space, name string, c Compiled) (fault *Error, err error) {
	r, err := policyScript.Call(ctx, in, policyArgs{Policy: name, Source: c.Source, Names: strings.Join(c.Names, " ")})
	if err != nil || !r.More() {
		return nil, err
	}
	return Failed(name, "", r.Text()), r.Err
}
