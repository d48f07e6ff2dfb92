package sandbox

import (
	"context"

	"github.com/matchq/matchq/matchq/internal/space"
)

var policyScript = space.Bind[struct{}]("match/policy")

// Check has Redis load the policy of a namespace. fault is what it says against a policy of a user's own.
func Check(ctx context.Context, in *space.Space, name string) (fault *Error, err error) {
	r, err := policyScript.Call(ctx, in, struct{}{})
	if err != nil || !r.More() {
		return nil, err
	}
	return Failed(name, "", r.Text()), r.Err
}
