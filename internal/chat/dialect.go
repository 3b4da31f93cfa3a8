package chat

import (
	"strings"
)

// Dialect is how a family of models writes its replies. The zero value knows
// plain text with reasoning between <think> tags.
type Dialect struct {
	// Name tells dialects apart in logs.
	Name string
	// Stops end a reply where their text or token comes up.
	Stops []string
	// Continues are tokens that do not end a reply although the model may list
	// them as ends of text: they separate the parts of one reply.
	Continues []string

	tags   []tag
	frames *frames
	inner  []string // marks inside of calls and heads
	force  forceStyle
}

// Marker reports whether a special token is part of the dialect's marks. The
// parser must get to see such tokens as text; others mean nothing to it.
func (d Dialect) Marker(token string) bool {
	if token == "" {
		return false
	}
	marks := append([]string{"<think>", "</think>"}, d.inner...)
	for _, t := range d.tags {
		marks = append(marks, t.open, t.close)
	}
	if d.frames != nil {
		marks = append(append(marks, d.frames.begin, d.frames.headEnd), d.frames.ends...)
	}
	for _, m := range marks {
		if strings.Contains(m, token) {
			return true
		}
	}
	return false
}

// Detect finds the dialect of a model from its chat template. family, the name
// of the architecture, helps where the template says nothing about tools.
func Detect(source, family string) Dialect {
	has := func(words ...string) bool {
		for _, w := range words {
			if !strings.Contains(source, w) {
				return false
			}
		}
		return true
	}
	var d Dialect
	switch {
	case has("tool/function_call"), family == "hyperclovax" && has("tool_list"):
		d = hyperclovax()
	case has("<|channel|>", "<|message|>"):
		d = harmony()
	case has("<arg_key>"):
		d = glm()
	case has("[TOOL_CALLS]"):
		d = mistral()
	case has("<function=", "<parameter="):
		d = functionTags("qwen3-coder", "<tool_call>", "</tool_call>")
	case has("<function="):
		d = functionTags("functionary", "", "")
	case has("<|START_ACTION|>"):
		d = command()
	case has("<|tool_call_begin|>"):
		d = kimi()
	case has("<|tool_call_start|>"), has("<|tool_list_start|>"):
		d = lfm()
	case has("tool▁calls▁begin"):
		d = deepseek()
	case has("<tool_call>"):
		d = hermes("<tool_call>", "</tool_call>")
	case has("<|tool_call|>"):
		d = granite()
	case has("<TOOLCALL>"):
		d = hermes("<TOOLCALL>", "</TOOLCALL>")
	case has("<tool_calls>"):
		d = hermes("<tool_calls>", "</tool_calls>")
	case has("<|python_tag|>"), has("<|start_header_id|>", `"parameters"`):
		d = llama3()
	default:
		d = generic()
	}
	d.addThinking(has)
	for _, end := range []string{"<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end_of_text|>", "[|endofturn|]", "<|endofturn|>", "<|user|>"} {
		if has(end) && !contains(d.Continues, end) && !contains(d.Stops, end) {
			d.Stops = append(d.Stops, end)
		}
	}
	return d
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// addThinking adds the reasoning tags that the template mentions. <think> is
// always known: no model opens an answer with it for another reason.
func (d *Dialect) addThinking(has func(...string) bool) {
	if d.frames != nil {
		return
	}
	for _, t := range [][2]string{
		{"<think>", "</think>"}, {"[THINK]", "[/THINK]"}, {"<thought>", "</thought>"}, {"<seed:think>", "</seed:think>"},
		{"<|START_THINKING|>", "<|END_THINKING|>"}, {"<|inner_prefix|>", "<|inner_suffix|>"}, {"◁think▷", "◁/think▷"},
	} {
		if t[0] == "<think>" || has(t[0], t[1]) {
			d.tags = append(d.tags, tag{kind: tagReasoning, open: t[0], close: t[1], lead: true})
		}
	}
}

// Dialect is the dialect of the template's model; see Detect. Where the
// template does not tell the model how to call, Render does, and the dialect
// reads that form as well.
func (t *Template) Dialect(family string) Dialect {
	d := Detect(t.source, family)
	if !t.can.tools && d.frames == nil && d.Name != "generic" {
		g := generic()
		d.tags = append(d.tags, g.tags...)
		d.force = g.force
	}
	return d
}

// Tools reports whether the dialect has a form for tool calls of its own; the
// others are told one in the system message.
func (d Dialect) Tools() bool { return d.Name != "generic" && d.Name != "" }

// Parser makes a parser for one reply.
func (d Dialect) Parser(o ParserOptions) *Parser {
	if o.NewID == nil {
		o.NewID = randomID
	}
	p := &Parser{out: emitter{newID: o.NewID}}
	if d.frames != nil {
		p.m = newFramed(*d.frames, o)
		return p
	}
	tags := d.tags
	if tags == nil {
		tags = []tag{{kind: tagReasoning, open: "<think>", close: "</think>", lead: true}}
	}
	p.m = newTagged(tags, o)
	return p
}
