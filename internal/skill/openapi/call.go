package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"malmoi/internal/skill"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

// call makes the function that runs a plan.
func (s *service) call(p *plan, answer string) func(context.Context, json.RawMessage) (string, error) {
	return func(ctx context.Context, raw json.RawMessage) (string, error) {
		in := map[string]any{}
		if err := json.Unmarshal(raw, &in); err != nil {
			return "", fmt.Errorf("the arguments are no object: %w", err)
		}
		r, err := s.request(ctx, p, in)
		if err != nil {
			return "", err
		}
		res, err := s.client.Do(r)
		if err != nil {
			return "", fmt.Errorf("the service cannot be reached: %w", withoutAddress(err))
		}
		defer res.Body.Close()
		body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err != nil {
			return "", fmt.Errorf("the service's answer broke off: %w", withoutAddress(err))
		}
		text := readable(res.Header.Get("Content-Type"), body)
		if res.StatusCode < 200 || res.StatusCode > 299 {
			return "", fmt.Errorf("the service answered %d %s: %s", res.StatusCode, http.StatusText(res.StatusCode), skill.Cut(text, 2000))
		}
		if text == "" {
			text = fmt.Sprintf("완료되었습니다 (%d).", res.StatusCode)
		}
		if answer != "" {
			text = skill.Cut(text, skill.MaxResult-len(answer)-100) + "\n\n[답하는 형식: " + answer + "]"
		}
		return text, nil
	}
}

// withoutAddress drops the address, which may hold a key, from an error.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// readable is an answer as text.
func readable(kind string, body []byte) string {
	media, _, _ := mime.ParseMediaType(kind)
	if media == typeJSON || strings.HasSuffix(media, "+json") {
		var b bytes.Buffer
		if json.Compact(&b, body) == nil {
			return b.String()
		}
	}
	if !utf8.Valid(body) && len(body) < maxAnswer || bytes.IndexByte(body, 0) >= 0 {
		return fmt.Sprintf("(글이 아닌 답: %s, %d바이트)", skill.Cut(media, 100), len(body))
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(body)), "\uFFFD")
}

// request checks the arguments and writes them where they belong.
func (s *service) request(ctx context.Context, p *plan, in map[string]any) (*http.Request, error) {
	if err := p.check(in); err != nil {
		return nil, err
	}
	path, query, header := p.path, url.Values{}, http.Header{}
	for _, v := range p.params {
		value, there := in[v.Name]
		if !there {
			continue
		}
		switch v.In {
		case "path":
			one, err := segment(v.Name, value)
			if err != nil {
				return nil, err
			}
			path = strings.ReplaceAll(path, "{"+v.Name+"}", one)
		case "query":
			addQuery(query, v, value)
		case "header":
			header.Set(v.Name, strings.Join(words(value), ","))
		}
	}
	body, kind, err := p.content(in)
	if err != nil {
		return nil, err
	}
	if s.auth.Kind == "query" {
		query.Set(s.auth.Name, s.auth.Secret)
	}
	address := strings.TrimSuffix(s.base.String(), "/") + "/" + strings.TrimPrefix(path, "/")
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, p.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("the call cannot be written as a request: %w", withoutAddress(err))
	}
	if !strings.EqualFold(r.URL.Host, s.base.Host) {
		return nil, errors.New("the call would go to another host")
	}
	r.Header = header
	r.Header.Set("Accept", "application/json, text/*;q=0.8, */*;q=0.1")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	switch s.auth.Kind {
	case "bearer":
		r.Header.Set("Authorization", "Bearer "+s.auth.Secret)
	case "header":
		r.Header.Set(s.auth.Name, s.auth.Secret)
	}
	return r, nil
}

// check holds arguments against the description.
func (p *plan) check(in map[string]any) error {
	known := []string{}
	for _, v := range p.params {
		known = append(known, v.Name)
		value, there := in[v.Name]
		if !there {
			if v.Required || v.In == "path" {
				return fmt.Errorf("argument %q is missing", v.Name)
			}
			continue
		}
		if err := fits(v.Schema.Value, value); err != nil {
			return fmt.Errorf("argument %q: %w", v.Name, err)
		}
	}
	if p.body != nil {
		known = append(known, bodyName)
		value, there := in[bodyName]
		if !there && p.bodyNeeded {
			return fmt.Errorf("argument %q is missing", bodyName)
		}
		if there {
			if err := fits(p.body, value); err != nil {
				return fmt.Errorf("argument %q: %w", bodyName, err)
			}
		}
	}
	for name := range in {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no argument %q: want %s", skill.Cut(name, 100), strings.Join(known, ", "))
		}
	}
	return nil
}

// fits tells in few words why a value does not fit a schema.
func fits(s *openapi3.Schema, value any) error {
	err := s.VisitJSON(value, openapi3.VisitAsRequest())
	var e *openapi3.SchemaError
	if errors.As(err, &e) {
		at := strings.Join(e.JSONPointer(), ".")
		if at != "" {
			at += ": "
		}
		return errors.New(at + skill.Cut(oneLine(e.Reason), 300))
	}
	return err
}

// segment is a value as one part of a path. What could lead to another path is
// refused, since servers differ in what they do with %2F and dots.
func segment(name string, value any) (string, error) {
	text := strings.Join(words(value), ",")
	if text == "" || strings.Trim(text, ".") == "" || strings.ContainsAny(text, "/\\?#%\x00") {
		return "", fmt.Errorf("argument %q: %q cannot stand in an address: no / \\ ? # %% and not empty", name, skill.Cut(text, 100))
	}
	return url.PathEscape(text), nil
}

// addQuery writes a value in its parameter's style (OpenAPI 3.1, Style Values):
// form by default, deepObject for objects that ask for it.
func addQuery(q url.Values, v *openapi3.Parameter, value any) {
	explode := v.Explode == nil || *v.Explode
	switch x := value.(type) {
	case []any:
		sep := map[string]string{"spaceDelimited": " ", "pipeDelimited": "|"}[v.Style]
		switch {
		case sep != "" && (v.Explode == nil || !*v.Explode):
			q.Set(v.Name, strings.Join(words(x), sep))
		case explode:
			q[v.Name] = words(x)
		default:
			q.Set(v.Name, strings.Join(words(x), ","))
		}
	case map[string]any:
		for name, one := range x {
			if v.Style == "deepObject" {
				name = v.Name + "[" + name + "]"
			}
			q[name] = words(one)
		}
	default:
		q[v.Name] = words(x)
	}
}

// words writes a JSON value as text: each element of a list by itself.
func words(value any) []string {
	switch x := value.(type) {
	case nil:
		return []string{""}
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, one := range x {
			out = append(out, strings.Join(words(one), ","))
		}
		return out
	}
	text, err := json.Marshal(value)
	if err != nil {
		return []string{""}
	}
	return []string{string(text)}
}

// content is the body of a request and its type.
func (p *plan) content(in map[string]any) (io.Reader, string, error) {
	value, there := in[bodyName]
	if p.body == nil || !there {
		return nil, "", nil
	}
	if !p.form {
		text, err := json.Marshal(value)
		return bytes.NewReader(text), typeJSON, err
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, "", fmt.Errorf("argument %q: want an object", bodyName)
	}
	form := url.Values{}
	for name, one := range fields {
		form[name] = words(one)
	}
	return strings.NewReader(form.Encode()), typeForm, nil
}
