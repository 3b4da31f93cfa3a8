package converse

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"malmoi/internal/account"
	"malmoi/internal/agent"
	"malmoi/internal/chat"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
)

// Skills says what the models may use when they answer somebody.
type Skills interface {
	Skills(ctx context.Context, p account.Principal) skill.Set
}

func (u SkillUse) check() error {
	if u != SkillsDefault && u != SkillsOn && u != SkillsOff {
		return invalid("skills", "must be on, off or empty")
	}
	return nil
}

// job is what an answer's making is told.
type job struct {
	request llm.ChatRequest
	skills  skill.Set // none: the model is asked once
	tainted bool      // text of strangers is in the request
}

// job puts together what a model is asked.
func (s *Service) job(ctx context.Context, p account.Principal, c Chat, a about, history []Message, m Message) job {
	j := job{skills: s.skillsFor(ctx, p, c, a, m.Model), tainted: tainted(c, a, history)}
	j.request = a.request(history, m.Params, s.context(m.Model), len(j.skills) > 0)
	return j
}

// skillsFor are the skills of an answer. Unless the user has switched all on,
// they are those that touch nothing, and only with models that know when to
// call: others take any tool for a reason to call it.
func (s *Service) skillsFor(ctx context.Context, p account.Principal, c Chat, a about, model string) skill.Set {
	use, names := c.Skills, c.Chosen
	if use == SkillsDefault {
		use, names = a.settings.Skills, a.settings.Chosen
	}
	if s.opt.Skills == nil || use == SkillsOff || use != SkillsOn && !s.calls(model) {
		return nil
	}
	set := s.offered(ctx, p, a.settings)
	switch {
	case use != SkillsOn:
		return slices.DeleteFunc(slices.Clone(set), func(x skill.Skill) bool { return x.Effect != skill.Pure })
	case len(names) > 0: // names that are gone make the set smaller, never larger
		return slices.DeleteFunc(slices.Clone(set), func(x skill.Skill) bool { return !slices.Contains(names, x.Name) })
	}
	return set
}

// Limits of a choice of skills.
const (
	maxChosen     = 200
	maxChosenName = 128 // bytes
)

// checkChosen takes names of skills that need not be there: a service may be
// away today and back tomorrow.
func checkChosen(names []string) error {
	if len(names) > maxChosen {
		return invalid("skill_names", "at most %d, got %d", maxChosen, len(names))
	}
	for _, name := range names {
		if name == "" || len(name) > maxChosenName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
			return invalid("skill_names", "a name has 1 to %d bytes, not %q", maxChosenName, head(name, 40))
		}
	}
	return nil
}

// tidyNames is a choice in order and without doubles, nil if it is empty.
func tidyNames(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// calls reports whether a model is known to call tools, and not only when asked
// to: of eight requests that need no tool a model of 1.5B called one for three.
func (s *Service) calls(model string) bool {
	return slices.ContainsFunc(s.models.List(), func(m modelInfo) bool { return m.Name == model && m.Tools && !small(m) })
}

// Models below these sizes use skills only where the user has switched them on.
const (
	sureBillions = 3
	sureBytes    = 2 << 30 // of a file that does not say how many parameters it has
)

func small(m modelInfo) bool {
	var n float64
	var unit rune
	if k, _ := fmt.Sscanf(strings.ToUpper(m.Parameters), "%f%c", &n, &unit); k == 2 && (unit == 'B' || unit == 'M') {
		return unit == 'M' || n < sureBillions
	}
	return !m.Remote && m.Bytes > 0 && m.Bytes < sureBytes
}

// useSkills tells small models what others know.
const useSkills = "필요하면 도구를 부르고, 필요 없으면 바로 답하세요."

// Available are the skills that somebody may switch on.
func (s *Service) Available(ctx context.Context, p account.Principal) skill.Set {
	if s.opt.Skills == nil {
		return nil
	}
	settings, err := s.store.Settings(ctx, p.User)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("settings are not read: the list of skills lacks what they switch on", "error", err)
	}
	return s.offered(ctx, p, settings)
}

// tainted reports whether somebody else may have written something of what the
// model is going to read.
func tainted(c Chat, a about, history []Message) bool {
	return c.Imported || len(a.files) > 0 || slices.ContainsFunc(history, func(m Message) bool {
		return m.Pasted > 0 || slices.ContainsFunc(m.ToolCalls, func(x ToolCall) bool { return x.Outside })
	})
}

// maxRetold is how much of an earlier answer's result the model is told again.
const maxRetold = 2000

// retold are an earlier answer's calls as turns.
func retold(m Message) []chat.Message {
	turn := chat.Message{Role: string(Assistant)}
	var results []chat.Message
	for _, c := range m.ToolCalls {
		var object map[string]json.RawMessage
		if c.State == "" || c.Name == "" || json.Unmarshal([]byte(c.Arguments), &object) != nil {
			continue // nobody ran it, or no template could show it
		}
		text := head(c.Result, maxRetold)
		if c.Outside {
			text = agent.Marked(text)
		}
		turn.ToolCalls = append(turn.ToolCalls, chat.ToolCall{ID: c.ID, Name: c.Name, Arguments: c.Arguments})
		results = append(results, chat.Message{Role: "tool", ToolCallID: c.ID, Name: c.Name, Content: text})
	}
	if len(results) == 0 {
		return nil
	}
	return append([]chat.Message{turn}, results...)
}

// settled ends the calls of an answer that ends: an open question is answered
// with no, and of a call that ran, here or on a page, nobody knows how far it
// came.
func settled(calls []ToolCall) []ToolCall {
	for i := range calls {
		switch calls[i].State {
		case Asks:
			calls[i].State = Refused
		case Running, OnPage:
			calls[i].State = Unknown
		}
	}
	return calls
}
