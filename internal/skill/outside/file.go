package outside

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"malmoi/internal/upstream/seal"
)

// File is what skills.json holds.
type File struct {
	// Allow lists private addresses and names that skills may reach, as guard
	// takes them.
	Allow   []string  `json:"allow,omitempty"`
	Web     bool      `json:"web,omitempty"` // read_page
	Search  *Search   `json:"search,omitempty"`
	OpenAPI []Service `json:"openapi,omitempty"`
	MCP     []Server  `json:"mcp,omitempty"`
}

// Search is the provider of web_search.
type Search struct {
	Kind   string `json:"kind"` // naver, kakao, searxng
	URL    string `json:"url,omitempty"`
	ID     string `json:"id,omitempty"`
	Secret string `json:"secret,omitempty"`
}

// Service is a service that describes itself with OpenAPI.
type Service struct {
	Name    string   `json:"name"`
	File    string   `json:"file"` // of the description, beside skills.json or absolute
	BaseURL string   `json:"base_url,omitempty"`
	Hosts   []string `json:"hosts,omitempty"`
	Only    []string `json:"only,omitempty"`
	Reads   []string `json:"reads,omitempty"`
	Changes []string `json:"changes,omitempty"`
	Auth    *Auth    `json:"auth,omitempty"`
}

// Auth is how a service is convinced.
type Auth struct {
	Kind   string `json:"kind"` // bearer, header, query
	Name   string `json:"name,omitempty"`
	Secret string `json:"secret"`
}

// Server is a tool server of the Model Context Protocol.
type Server struct {
	Name     string            `json:"name"`
	Command  []string          `json:"command,omitempty"`
	Dir      string            `json:"dir,omitempty"`
	Env      map[string]string `json:"env,omitempty"` // values are secrets
	URL      string            `json:"url,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"` // values are secrets
	Only     []string          `json:"only,omitempty"`
	Reads    []string          `json:"reads,omitempty"`
	Approved map[string]string `json:"approved,omitempty"` // tool -> pin, written by 'malmoi skill approve'
}

// Limits of the file.
const (
	maxFile     = 1 << 20 // bytes
	maxServices = 32
	maxServers  = 16
	maxSecrets  = 64 // environment variables or headers of one server
)

// ReadFile reads a configuration, seals its secrets in place, and returns it
// with the secrets opened.
func ReadFile(path string, box *seal.Box) (File, error) {
	f, err := readSealed(path)
	if err != nil {
		return f, fmt.Errorf("skills: %w", err)
	}
	changed := false
	err = f.secrets(func(label string, s *string) error {
		if *s == "" || seal.Is(*s) {
			return nil
		}
		sealed, err := box.Seal(label, *s)
		changed, *s = true, sealed
		return err
	})
	if err == nil && changed {
		err = seal.ReplaceFile(path, f)
	}
	if err == nil {
		err = f.secrets(func(label string, s *string) error {
			if *s == "" {
				return nil
			}
			plain, err := box.Open(label, *s)
			*s = plain
			if err != nil {
				return fmt.Errorf("the secret of %s: %w", label, err)
			}
			return nil
		})
	}
	if err != nil {
		return File{}, fmt.Errorf("skills: %s: %w", path, err)
	}
	return f, nil
}

// readSealed reads the file as it is.
func readSealed(path string) (File, error) {
	in, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return File{}, err
	}
	f, err := decode(data)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func decode(data []byte) (File, error) {
	var f File
	if len(data) > maxFile {
		return f, fmt.Errorf("longer than %d bytes", maxFile)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return File{}, err
	}
	if d.More() {
		return File{}, errors.New("something follows the configuration")
	}
	return f, f.check()
}

// check finds what the parts themselves do not look at.
func (f File) check() error {
	if len(f.OpenAPI) > maxServices || len(f.MCP) > maxServers {
		return fmt.Errorf("%d services and %d tool servers, at most %d and %d", len(f.OpenAPI), len(f.MCP), maxServices, maxServers)
	}
	var names []string
	for _, s := range f.OpenAPI {
		names = append(names, s.Name)
	}
	for _, s := range f.MCP {
		names = append(names, s.Name)
		if len(s.Env) > maxSecrets || len(s.Headers) > maxSecrets {
			return fmt.Errorf("%s has more than %d variables or headers", s.Name, maxSecrets)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		return fmt.Errorf("two services or tool servers have the same name")
	}
	return nil
}

// secrets visits every secret with the label that binds it to where it goes: a
// changed address needs the secret anew.
func (f *File) secrets(visit func(label string, s *string) error) error {
	if f.Search != nil {
		if err := visit("search "+f.Search.Kind+" "+f.Search.URL, &f.Search.Secret); err != nil {
			return err
		}
	}
	for i := range f.OpenAPI {
		if s := &f.OpenAPI[i]; s.Auth != nil {
			if err := visit(fmt.Sprintf("openapi %s %s %q", s.Name, s.BaseURL, s.Hosts), &s.Auth.Secret); err != nil {
				return err
			}
		}
	}
	for i := range f.MCP {
		s := &f.MCP[i]
		to := fmt.Sprintf("mcp %s %s %q", s.Name, s.URL, s.Command)
		for _, all := range []map[string]string{s.Env, s.Headers} {
			for name, value := range all {
				if err := visit(to+" "+name, &value); err != nil {
					return err
				}
				all[name] = value
			}
		}
	}
	return nil
}

// Approve writes the pins of a tool server's tools into the file.
func Approve(path, server string, pins map[string]string) error {
	f, err := readSealed(path)
	if err != nil {
		return fmt.Errorf("skills: %w", err)
	}
	i := slices.IndexFunc(f.MCP, func(s Server) bool { return s.Name == server })
	if i < 0 {
		return fmt.Errorf("skills: %s: there is no tool server %q", path, server)
	}
	if f.MCP[i].Approved == nil {
		f.MCP[i].Approved = map[string]string{}
	}
	for tool, pin := range pins {
		f.MCP[i].Approved[tool] = pin
	}
	if err := seal.ReplaceFile(path, f); err != nil {
		return fmt.Errorf("skills: %w", err)
	}
	return nil
}
