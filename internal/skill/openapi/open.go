package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"malmoi/internal/skill"
)

// Verdict says what becomes of one operation.
type Verdict struct {
	Method, Path string
	Operation    string // the description's operationId, or method and path
	Skill        string // "" if it cannot be offered
	Effect       skill.Effect
	Problem      string   // why it cannot be offered
	Notes        []string // what is left out
}

// Open reads the description and returns a skill for each operation that can be
// offered. What cannot is not an error; Verify tells.
func Open(c Config) (skill.Set, error) {
	set, _, err := build(c)
	if err != nil {
		return nil, err
	}
	if len(set) == 0 {
		return nil, fmt.Errorf("openapi: %s: no operation can be offered; 'malmoi skill verify FILE' says why", c.Name)
	}
	return set, nil
}

// Verify says per operation whether it can be offered, without calling any.
func Verify(c Config) ([]Verdict, error) {
	_, list, err := build(c)
	return list, err
}

func build(c Config) (skill.Set, []Verdict, error) {
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	doc, err := load(c.Spec)
	if err != nil {
		return nil, nil, err
	}
	base, err := c.base(doc)
	if err != nil {
		return nil, nil, err
	}
	s := &service{base: base, auth: c.Auth, client: sameHost(c.Client)}
	var set skill.Set
	var list []Verdict
	asked := map[string]bool{}
	for _, o := range operations(doc) {
		if len(list) >= maxOperations {
			return nil, nil, fmt.Errorf("openapi: %s: more than %d operations: choose some with only", c.Name, maxOperations)
		}
		asked[o.id] = true
		if len(c.Only) > 0 && !slices.Contains(c.Only, o.id) {
			continue
		}
		v := Verdict{Method: o.method, Path: o.path, Operation: o.id, Effect: c.effect(o)}
		x, notes, err := s.skill(c, doc, o, v.Effect)
		v.Notes = notes
		switch _, taken := set.Find(x.Name); {
		case err != nil:
			v.Problem = err.Error()
		case taken:
			v.Problem = "another operation has the same name as a skill: " + x.Name
		default:
			v.Skill = x.Name
			set = append(set, x)
		}
		list = append(list, v)
	}
	for _, name := range slices.Concat(c.Only, c.Reads, c.Changes) {
		if !asked[name] {
			return nil, nil, fmt.Errorf("openapi: %s: the description has no operation %q", c.Name, name)
		}
	}
	return set, list, nil
}

// effect is what a call may do. The administrator's word counts before the
// method's; a description is not asked.
func (c Config) effect(o operation) skill.Effect {
	switch {
	case slices.Contains(c.Changes, o.id):
		return skill.Changes
	case slices.Contains(c.Reads, o.id), o.method == http.MethodGet, o.method == http.MethodHead:
		return skill.Reads
	}
	return skill.Changes
}

// operation is one method of one path.
type operation struct {
	id, method, path string
	shared           openapi3.Parameters // of the path
	*openapi3.Operation
}

// operations lists a description's operations by path and method.
func operations(doc *openapi3.T) []operation {
	var out []operation
	if doc.Paths == nil {
		return nil
	}
	paths := doc.Paths.Map()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := paths[path]
		if item == nil {
			continue
		}
		methods := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			if op := methods[method]; op != nil {
				id := op.OperationID
				if id == "" {
					id = strings.ToLower(method) + " " + path
				}
				out = append(out, operation{id, method, path, item.Parameters, op})
			}
		}
	}
	return out
}

var notName = regexp.MustCompile(`[^A-Za-z0-9]+`)

func toolName(c Config, o operation) string {
	name := c.Name + "_" + strings.Trim(notName.ReplaceAllString(o.id, "_"), "_")
	return name[:min(len(name), maxName)]
}

// Extension fields of an operation or of the whole description. They are what
// CLOVA Studio asks of a skill beside its OpenAPI document: what the model is
// told, and how it should answer.
const (
	extDescription = "x-description-for-model"
	extAnswer      = "x-answer-format"
)

func (s *service) skill(c Config, doc *openapi3.T, o operation, effect skill.Effect) (skill.Skill, []string, error) {
	x := skill.Skill{Name: toolName(c, o), Title: orElse(o.Summary, o.id), Effect: effect}
	x.Title = skill.Cut(oneLine(x.Title), 200)
	if o.Servers != nil && len(*o.Servers) > 0 {
		return x, nil, errors.New("it has a server of its own, which is not followed")
	}
	plan, notes, err := newPlan(doc, o)
	if err != nil {
		return x, notes, err
	}
	schema, err := json.Marshal(plan.schema())
	if err != nil || len(schema) > maxSchema {
		return x, notes, fmt.Errorf("its parameters take %d bytes, at most %d: %w", len(schema), maxSchema, orTooLarge(err))
	}
	x.Parameters = schema
	x.Description = skill.Cut(oneLine(orElse(extension(o.Extensions, extDescription), strings.Join([]string{o.Summary, o.Description}, ". "))), maxText)
	if strings.Trim(x.Description, ". ") == "" {
		x.Description = o.method + " " + o.path
		notes = append(notes, "it has no summary or description: models will hardly know when to call it")
	}
	answer := skill.Cut(oneLine(orElse(extension(o.Extensions, extAnswer), extension(doc.Extensions, extAnswer))), maxText)
	x.Call = s.call(plan, answer)
	return x, notes, nil
}

var errTooLarge = errors.New("offer a smaller operation")

func orTooLarge(err error) error {
	if err == nil {
		return errTooLarge
	}
	return err
}

func extension(all map[string]any, name string) string {
	s, _ := all[name].(string)
	return s
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// sameHost keeps a client from following redirects to other hosts: the key in
// the query of a call would go along, and the list of hosts would mean nothing.
func sameHost(c *http.Client) *http.Client {
	if c == nil {
		return nil
	}
	own := *c
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if !strings.EqualFold(r.URL.Host, via[0].URL.Host) {
			return fmt.Errorf("the service sends the call to %s, which is not allowed", r.URL.Host)
		}
		if c.CheckRedirect != nil {
			return c.CheckRedirect(r, via)
		}
		return nil
	}
	return &own
}

// service is where calls go.
type service struct {
	base   *url.URL
	auth   Auth
	client *http.Client
}
