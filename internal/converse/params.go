package converse

import "time"

type created = time.Time

// maxParamTokens bounds max_tokens; the model's context bounds it further.
const maxParamTokens = 1 << 20

// check returns an error that names the first knob out of range.
func (p Params) check() error {
	if t := p.Temperature; t != nil && !(*t >= 0 && *t <= 2) {
		return invalid("params.temperature", "must be between 0 and 2, got %g", *t)
	}
	if t := p.TopP; t != nil && !(*t > 0 && *t <= 1) {
		return invalid("params.top_p", "must be above 0 and at most 1, got %g", *t)
	}
	if n := p.MaxTokens; n != nil && (*n < 1 || *n > maxParamTokens) {
		return invalid("params.max_tokens", "must be between 1 and %d, got %d", maxParamTokens, *n)
	}
	return nil
}

// place gives a new row an id and a time, or finds the row that is replaced.
func place[T any](s *Service, all []T, id string, limit int, of func(T) (string, created)) (string, created, error) {
	for _, x := range all {
		if have, at := of(x); id != "" && have == id {
			return id, at, nil
		}
	}
	if id != "" {
		return id, created{}, ErrNotFound
	}
	if len(all) >= limit {
		return "", created{}, invalid("name", "at most %d", limit)
	}
	return newID(), s.now(), nil
}
