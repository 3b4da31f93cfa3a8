package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
)

// Config says where an upstream is and what of it is offered. URLs are its
// replicas: servers that have the same models.
type Config struct {
	Name string
	URLs []string // with the path up to and including /v1
	Key  Secret   // sent as a bearer token, "" for none

	Flavour    string            // a key of the table of flavours; "": found from its list of models
	Aliases    map[string]string // our name for a model -> its own
	Only       []string          // its own names of the models that are offered; empty: all
	Embeddings []string          // its own names of models that make vectors, beside those whose name says so
	CA         string            // PEM file of the authority that signed its certificate; "": the system's
	Mask       bool              // hide personal numbers in what is sent, with Options.Mask
	MaxStreams int               // requests at one replica at once, 0: 1024
	Timeouts   Timeouts
}

// Secret is a key that does not print itself.
type Secret string

// String hides the key.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(secret)"
}

// GoString hides the key from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the key from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Limits of a configuration.
const (
	maxUpstreams = 64
	maxReplicas  = 64
	maxAliases   = 1000
	maxName      = 256     // bytes of a model's name
	maxKey       = 8 << 10 // bytes
)

// ParseFlag reads NAME=URL[,URL…] of a command line.
func ParseFlag(s string) (Config, error) {
	name, urls, ok := strings.Cut(s, "=")
	if !ok || urls == "" {
		return Config{}, fmt.Errorf("upstream %q: want NAME=URL or, for replicas, NAME=URL,URL", s)
	}
	c := Config{Name: name, URLs: strings.Split(urls, ",")}
	return c.check()
}

// EnvName is the environment variable that holds an upstream's key:
// MALMOI_UPSTREAM_KEY_ and the name in capitals, "_" for what is no letter or
// digit.
func EnvName(upstream string) string {
	return "MALMOI_UPSTREAM_KEY_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, upstream)
}

// check returns the configuration in the form that the rest relies on.
func (c Config) check() (Config, error) {
	if c.Name == "" || len(c.Name) > 64 || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
		return c, fmt.Errorf("upstream %q: a name is up to 64 letters, digits, '-', '_' and '.'", c.Name)
	}
	if len(c.URLs) == 0 || len(c.URLs) > maxReplicas {
		return c, fmt.Errorf("upstream %s: %d addresses, want 1 to %d", c.Name, len(c.URLs), maxReplicas)
	}
	urls := make([]string, len(c.URLs))
	for i, s := range c.URLs {
		base, err := baseURL(s)
		if err != nil {
			return c, fmt.Errorf("upstream %s: %w", c.Name, err)
		}
		if slices.Contains(urls[:i], base) {
			return c, fmt.Errorf("upstream %s: the address %s is there twice", c.Name, base)
		}
		urls[i] = base
	}
	c.URLs = urls
	if _, ok := flavours[c.Flavour]; !ok {
		return c, fmt.Errorf("upstream %s: flavour %q: want malmoi, vllm, llamacpp, ollama or openai", c.Name, c.Flavour)
	}
	if len(c.Key) > maxKey || strings.ContainsFunc(string(c.Key), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return c, fmt.Errorf("upstream %s: the key holds a space or a character that is not ASCII, or is longer than %d bytes", c.Name, maxKey)
	}
	if len(c.Aliases) > maxAliases {
		return c, fmt.Errorf("upstream %s: %d aliases, at most %d", c.Name, len(c.Aliases), maxAliases)
	}
	for alias, model := range c.Aliases {
		if alias == "" || model == "" || len(alias) > maxName || len(model) > maxName {
			return c, fmt.Errorf("upstream %s: alias %q for %q: both are up to %d bytes and not empty", c.Name, alias, model, maxName)
		}
	}
	return c, nil
}

// baseURL is an address without a slash at its end; one without a path gets /v1.
func baseURL(s string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("address %q: want http://HOST:PORT or https://HOST/PATH", shorten(s))
	case u.User != nil:
		return "", fmt.Errorf("address of %s holds a user name or password; give the key apart", u.Host)
	case u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("address of %s holds '?' or '#'", u.Host)
	}
	path := strings.TrimRight(u.Path, "/")
	if path == "" {
		path = "/v1"
	}
	return u.Scheme + "://" + u.Host + path, nil
}

func (c Config) tls() (*tls.Config, error) {
	if c.CA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("upstream %s: authority: %w", c.Name, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("upstream %s: %s holds no PEM certificate", c.Name, c.CA)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// offers reports whether a model of the server is offered here.
func (c Config) offers(model string) bool {
	return len(c.Only) == 0 || slices.Contains(c.Only, model)
}

func (c Config) embeds(model string) bool {
	return slices.Contains(c.Embeddings, model) || embeddingName(model)
}

// flavourOf is the configured flavour, or the one that the list suggests.
func (c Config) flavourOf(id modelID) string {
	if c.Flavour != "" {
		return c.Flavour
	}
	return owners[id.OwnedBy]
}
