package flags

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rules"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// readRules reads the file --rules.
func (f *Flags) readRules() error {
	if f.Rules == "" {
		return nil
	}
	data, err := os.ReadFile(f.Rules)
	if err != nil {
		return fmt.Errorf("--rules: %w", err)
	}
	var documents map[string]json.RawMessage
	if err := wire.DecodeStrict(data, &documents); err != nil {
		return fmt.Errorf(`--rules %s must be a JSON object such as {"*": {"size": 2}}: %w`, f.Rules, err)
	}
	f.stored = make(map[string]matchq.Rules, len(documents))
	for pattern, document := range documents {
		if f.stored[pattern], err = rules.Decode(document); err != nil {
			return fmt.Errorf("--rules %s: %s: %w", f.Rules, pattern, err)
		}
	}
	return nil
}
