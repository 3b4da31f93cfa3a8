package app

import (
	"context"

	"malmoi/internal/account"
	"malmoi/internal/llm"
	"malmoi/internal/safety"
)

// filterLevel counts while nobody has decided: an office is filtered for what
// is hardly ever harmless, a person alone is not filtered.
func (s *Site) filterLevel() string {
	if s.Single {
		return account.FilterOff
	}
	return account.FilterLow
}

// filtered puts the text filter between the site and its models.
func (s *Site) filtered(models llm.Models, f *safety.Filter) llm.Models {
	rules := func(ctx context.Context) (safety.Rules, error) {
		t, err := s.Accounts.TextFilter(ctx)
		t = t.Or(s.filterLevel())
		return safety.Rules{Judge: t.Judge, Levels: safety.Levels{
			safety.Profanity: level(t.Profanity), safety.Hate: level(t.Hate), safety.Sexual: level(t.Sexual),
		}}, err
	}
	return safety.Guard(models, f, rules, s.log)
}

func level(word string) safety.Level {
	switch word {
	case account.FilterLow:
		return safety.Low
	case account.FilterStrict:
		return safety.Strict
	}
	return safety.Off
}
