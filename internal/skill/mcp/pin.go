package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// pin is the fingerprint of all that a model is told about a tool. JSON of maps
// has sorted keys, so that the order in which a server writes does not matter.
func pin(t *sdk.Tool) (string, error) {
	text, err := json.Marshal([]any{t.Name, t.Title, t.Description, t.InputSchema})
	if err != nil {
		return "", fmt.Errorf("mcp: tool %q: %w", t.Name, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

// State is what became of a tool.
type State string

// The states of a tool.
const (
	Approved State = "approved" // as the administrator saw it
	New      State = "new"      // nobody has approved it yet
	Changed  State = "changed"  // it is not what was approved: off until somebody looks
	Unfit    State = "unfit"    // its name or schema cannot be offered
)

// Tool is one tool as a server describes it now.
type Tool struct {
	Name        string
	Skill       string // as models call it
	Description string
	Pin         string
	State       State
}
