package openapi

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// plan is how arguments become a request.
type plan struct {
	method, path string
	params       []*openapi3.Parameter
	body         *openapi3.Schema // nil: none
	form         bool             // the body is a form and not JSON
	bodyNeeded   bool
}

// bodyName is the argument that holds a request's body.
const bodyName = "body"

const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// newPlan puts an operation's parameters together. notes say what is left out.
func newPlan(doc *openapi3.T, o operation) (*plan, []string, error) {
	p := &plan{method: o.method, path: o.path}
	var notes []string
	byPlace := map[string]*openapi3.Parameter{}
	for _, ref := range slices.Concat(o.shared, o.Parameters) {
		if ref == nil || ref.Value == nil {
			return nil, nil, errors.New("a parameter is missing")
		}
		byPlace[ref.Value.In+" "+ref.Value.Name] = ref.Value // the operation's own comes last and counts
	}
	names := map[string]bool{bodyName: o.RequestBody != nil}
	for _, place := range slices.Sorted(maps.Keys(byPlace)) {
		v := byPlace[place]
		why := unfit(v)
		if why == "" && names[v.Name] {
			why = "another parameter has the same name"
		}
		switch {
		case why != "" && (v.Required || v.In == "path"):
			return nil, notes, fmt.Errorf("parameter %q: %s", v.Name, why)
		case why != "":
			notes = append(notes, fmt.Sprintf("parameter %q is left out: %s", v.Name, why))
		default:
			names[v.Name] = true
			p.params = append(p.params, v)
		}
	}
	for _, hole := range holes(o.path) {
		if byPlace["path "+hole] == nil {
			return nil, notes, fmt.Errorf("the path has {%s} and there is no such parameter", hole)
		}
	}
	return p, notes, p.takeBody(o)
}

// unfit says why a parameter cannot be filled in by a model.
func unfit(v *openapi3.Parameter) string {
	switch {
	case v.Name == "" || len(v.Name) > maxName:
		return "its name is empty or too long"
	case v.In == "cookie":
		return "cookies are not sent"
	case v.In != "path" && v.In != "query" && v.In != "header":
		return "it is in " + v.In
	case v.In == "header" && (!headerPattern.MatchString(v.Name) || forbiddenHeader[http.CanonicalHeaderKey(v.Name)]):
		return "models may not set this header"
	case v.Schema == nil || v.Schema.Value == nil:
		return "it has no schema"
	case v.In == "path" && v.Style != "" && v.Style != "simple":
		return "style " + v.Style + " in a path is not supported"
	}
	return ""
}

// forbiddenHeader are headers that decide who a request is from, where it goes
// or how it is read.
var forbiddenHeader = map[string]bool{
	"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Host": true, "Content-Type": true, "Content-Length": true, "Accept": true,
	"Connection": true, "Transfer-Encoding": true, "Upgrade": true, "Te": true, "Trailer": true, "X-Forwarded-For": true, "X-Forwarded-Host": true, "Forwarded": true,
}

func holes(path string) []string {
	var out []string
	for rest := path; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return out
		}
		name, after, ok := strings.Cut(after, "}")
		if !ok {
			return out
		}
		out = append(out, name)
		rest = after
	}
}

// takeBody chooses the form of the body.
func (p *plan) takeBody(o operation) error {
	if o.RequestBody == nil {
		return nil
	}
	b := o.RequestBody.Value
	if b == nil {
		return errors.New("its body is missing")
	}
	p.bodyNeeded = b.Required
	for _, kind := range []string{typeJSON, typeForm} {
		for _, name := range slices.Sorted(maps.Keys(b.Content)) {
			media := b.Content[name]
			if base, _, _ := strings.Cut(name, ";"); !strings.EqualFold(strings.TrimSpace(base), kind) || media == nil || media.Schema == nil || media.Schema.Value == nil {
				continue
			}
			p.body, p.form = media.Schema.Value, kind == typeForm
			return nil
		}
	}
	if !b.Required {
		return nil // it can be left out
	}
	return fmt.Errorf("its body is none of %s and %s", typeJSON, typeForm)
}

// schema is what the model is told about the arguments.
func (p *plan) schema() map[string]any {
	s := &schemas{left: maxNodes}
	properties, required := map[string]any{}, []string{}
	for _, v := range p.params {
		one := s.of(v.Schema.Value, 0)
		if v.Description != "" {
			one["description"] = skill200(v.Description)
		}
		properties[v.Name] = one
		if v.Required || v.In == "path" {
			required = append(required, v.Name)
		}
	}
	if p.body != nil {
		properties[bodyName] = s.of(p.body, 0)
		if p.bodyNeeded {
			required = append(required, bodyName)
		}
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}
