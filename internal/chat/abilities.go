package chat

import (
	"context"
	"strings"
)

// abilities are what a template understands, found out by rendering small
// conversations and looking for their words in the result.
type abilities struct {
	system        bool // system messages
	tools         bool // a list of tools
	calls         bool // tool calls in the history
	results       bool // the role "tool"
	developer     bool // the role "developer"
	textArguments bool // call arguments as JSON text, not as an object
	nullContent   bool // a turn that only calls has null content, not empty text
	emptyTools    bool // without tools it wants an empty list, not null
	partsOnly     bool // content as a list of parts, not as text
}

// Words that no template contains.
const (
	probeSystem = "zqsystemzq"
	probeUser   = "zquserzq"
	probeTool   = "zqtoolzq"
	probeArg    = "zqargzq"
	probeResult = "zqresultzq"
)

func (t *Template) probe() abilities {
	can := abilities{developer: strings.Contains(t.source, "developer")}
	user := Message{Role: "user", Content: probeUser}
	can = t.firstThat(can, func(c abilities) bool { return t.shows(c, nil, []string{probeUser}, user) },
		func(c *abilities) { c.partsOnly = true },
		func(c *abilities) { c.emptyTools = true })
	can.system = t.shows(can, nil, []string{probeSystem, probeUser}, Message{Role: "system", Content: probeSystem}, user)
	tools := []Tool{{Name: probeTool, Description: "d", Parameters: []byte(`{"type":"object","properties":{"` + probeArg + `":{"type":"string"}}}`)}}
	can.tools = t.shows(can, tools, []string{probeTool}, user)
	call := Message{Role: "assistant", ToolCalls: []ToolCall{{ID: "abcdefghi", Name: probeTool, Arguments: `{"` + probeArg + `":"v"}`}}}
	result := Message{Role: "tool", Name: probeTool, ToolCallID: "abcdefghi", Content: probeResult}
	shown := func(c abilities) bool { return t.shows(c, tools, []string{probeArg}, user, call, result) }
	can = t.firstThat(can, shown,
		func(c *abilities) { c.nullContent = true },
		func(c *abilities) { c.textArguments = true },
		func(c *abilities) { c.textArguments, c.nullContent = true, true })
	can.calls = shown(can)
	can.results = can.calls && t.shows(can, tools, []string{probeResult}, user, call, result)
	return can
}

// firstThat returns the abilities as they are if they pass, else with the first
// of the changes with which they do.
func (t *Template) firstThat(can abilities, passes func(abilities) bool, changes ...func(*abilities)) abilities {
	if passes(can) {
		return can
	}
	for _, change := range changes {
		c := can
		change(&c)
		if passes(c) {
			return c
		}
	}
	return can
}

// shows reports whether the messages render and all words are in the result
// more often than the tools alone put them there.
func (t *Template) shows(can abilities, tools []Tool, words []string, messages ...Message) bool {
	out := t.probeText(can, tools, messages)
	if out == "" {
		return false
	}
	base := ""
	if len(messages) > 1 && len(tools) > 0 {
		base = t.probeText(can, tools, messages[:1])
	}
	for _, w := range words {
		if strings.Count(out, w) <= strings.Count(base, w) {
			return false
		}
	}
	return true
}

func (t *Template) probeText(can abilities, tools []Tool, messages []Message) string {
	segs, err := t.render(context.Background(), Request{Messages: messages, Tools: tools, AddGenerationPrompt: true}, can)
	if err != nil {
		return ""
	}
	return Text(segs)
}
