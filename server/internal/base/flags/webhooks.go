package flags

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/matchq/matchq/matchq"
)

// minWebhookSecret is how many bytes --webhook-secret has at least.
const minWebhookSecret = 16

// webhookKinds are the events that webhooks may get.
var webhookKinds = []matchq.State{matchq.Matched, matchq.Proposed, matchq.Restored, matchq.Cancelled, matchq.Expired, matchq.Assigned, matchq.Released}

// WebhookKinds are the events that webhooks get.
func (f *Flags) WebhookKinds() []matchq.State {
	kinds := make([]matchq.State, len(f.WebhookEvents))
	for i, kind := range f.WebhookEvents {
		kinds[i] = matchq.State(kind)
	}
	return kinds
}

func (f *Flags) checkWebhooks() error {
	for _, kind := range f.WebhookKinds() {
		if !slices.Contains(webhookKinds, kind) {
			return fmt.Errorf("--webhook-events must be among %v, not %q", webhookKinds, kind)
		}
	}
	if len(f.Webhook) == 0 {
		return nil
	}
	if len(f.WebhookSecret) < minWebhookSecret {
		return errors.New("--webhook needs --webhook-secret of at least 16 bytes, so that receivers can verify the sender: openssl rand -hex 32 makes one")
	}
	for i, to := range f.Webhook {
		u, err := url.Parse(to)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" {
			return fmt.Errorf("--webhook number %d must be a URL with http or https and a host, such as https://play.example/hook", i+1) // it may have secrets
		}
		if strings.ContainsAny(to, " \t") || slices.Contains(f.Webhook[:i], to) {
			return fmt.Errorf("--webhook number %d has blanks, or is given twice", i+1)
		}
	}
	return nil
}
