package openapi

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Config says what of a service is offered and how it is reached.
type Config struct {
	Name string // begins the names of the skills: letters, digits and _
	Spec []byte // OpenAPI 3.0 or 3.1, JSON or YAML
	// BaseURL is where calls go. "" takes the description's first server, if its
	// host is among Hosts.
	BaseURL string
	Hosts   []string
	Only    []string // operations that are offered, empty: all
	Reads   []string // operations that only read although they are not GET
	Changes []string // operations that change something although they are GET
	Auth    Auth
	Client  *http.Client // of package guard
}

// Auth is how calls prove themselves.
type Auth struct {
	Kind   string // "", "bearer", "header" or "query"
	Name   string // of the header or the query parameter
	Secret string
}

// Limits of a description.
const (
	MaxSpec       = 2 << 20 // bytes
	maxOperations = 200
	maxName       = 64 // bytes, what model APIs take as a tool's name
	maxText       = 1000
	maxSchema     = 24 << 10 // bytes of one skill's parameters
	maxNodes      = 400      // schemas in one skill's parameters
	maxNesting    = 10
)

var (
	namePattern   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,31}$`)
	headerPattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// check returns what is wrong with the parts that do not need the description.
func (c Config) check() error {
	if !namePattern.MatchString(c.Name) {
		return fmt.Errorf("openapi: name %q: want letters, digits and _, at most 32", c.Name)
	}
	switch c.Auth.Kind {
	case "":
	case "bearer":
		if c.Auth.Secret == "" {
			return fmt.Errorf("openapi: %s: bearer authentication needs a secret", c.Name)
		}
	case "header", "query":
		if c.Auth.Secret == "" || !headerPattern.MatchString(strings.ReplaceAll(c.Auth.Name, "_", "-")) {
			return fmt.Errorf("openapi: %s: authentication by %s needs a name and a secret", c.Name, c.Auth.Kind)
		}
	default:
		return fmt.Errorf("openapi: %s: authentication %q is not known: want bearer, header or query", c.Name, c.Auth.Kind)
	}
	if strings.ContainsAny(c.Auth.Secret, "\r\n") {
		return fmt.Errorf("openapi: %s: the secret has a line end", c.Name)
	}
	return nil
}

// base is the address that every call begins with.
func (c Config) base(doc *openapi3.T) (*url.URL, error) {
	text := c.BaseURL
	if text == "" {
		if len(doc.Servers) == 0 || doc.Servers[0] == nil {
			return nil, fmt.Errorf("openapi: %s: the description names no server; write base_url", c.Name)
		}
		text = doc.Servers[0].URL
		for name, v := range doc.Servers[0].Variables {
			if v != nil {
				text = strings.ReplaceAll(text, "{"+name+"}", v.Default)
			}
		}
	}
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("openapi: %s: base address %q: want https://host/path; write base_url", c.Name, text)
	}
	if c.BaseURL == "" && !slices.ContainsFunc(c.Hosts, func(h string) bool { return strings.EqualFold(h, u.Host) }) {
		return nil, fmt.Errorf("openapi: %s: the description wants calls to go to %s, which is not allowed: add it to hosts or write base_url", c.Name, u.Host)
	}
	return u, nil
}

// load reads a description. References to outside are errors.
func load(spec []byte) (*openapi3.T, error) {
	if len(spec) > MaxSpec {
		return nil, fmt.Errorf("openapi: a description of %d bytes, at most %d", len(spec), MaxSpec)
	}
	if err := shallow(spec); err != nil {
		return nil, err
	}
	l := openapi3.NewLoader()
	l.ReadFromURIFunc = func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		return nil, fmt.Errorf("the description refers to %s: put everything into one file", u)
	}
	doc, err := l.LoadFromData(spec)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.") {
		return nil, fmt.Errorf("openapi: version %q: want 3.0 or 3.1", doc.OpenAPI)
	}
	return doc, nil
}

// Bounds on what the parser is given: nesting that would eat its stack, and
// YAML aliases, which a small file can use to become a huge one.
const (
	maxBrackets = 200
	maxIndent   = 400
	maxAliases  = 100
)

var alias = regexp.MustCompile(`(?m)(^|[\s\[,:-])\*[A-Za-z0-9_]`)

// shallow refuses descriptions that are built to exhaust a parser.
func shallow(spec []byte) error {
	depth, indent, start := 0, 0, true
	for _, b := range spec {
		switch b {
		case '{', '[':
			depth++
		case '}', ']':
			depth = max(depth-1, 0)
		}
		switch {
		case b == '\n':
			indent, start = 0, true
		case start && (b == ' ' || b == '\t' || b == '-' || b == '?'):
			indent++
		default:
			start = false
		}
		if depth > maxBrackets || indent > maxIndent {
			return fmt.Errorf("openapi: the description is nested too deeply")
		}
	}
	if n := len(alias.FindAllIndex(spec, maxAliases+1)); n > maxAliases {
		return fmt.Errorf("openapi: the description has more than %d YAML aliases", maxAliases)
	}
	return nil
}
