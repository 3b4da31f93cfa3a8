package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"malmoi/internal/llm"
	"malmoi/internal/upstream"
)

// nameFlags give models the names that clients of other services ask for:
// HCX-005 for those of CLOVA Studio, gpt-4o for those of OpenAI.
type nameFlags struct {
	Alias []string `name:"alias" sep:"none" help:"Further name of a model: a local one (HCX-005=hyperclovax-seed-1.5b) or one of another server (HCX-007=SERVER/MODEL). What stands before the first / is a server where --upstream or upstreams.json names one; otherwise the whole is a local model's name. Repeat for several." placeholder:"ALIAS=MODEL"`
	Names string   `name:"names" help:"JSON file of further names, {\"names\": {\"HCX-005\": \"MODEL\"}} (default: models.json in the data folder, if it is there)." placeholder:"FILE"`
}

// Limits of further names.
const (
	maxAliases   = 1000
	maxAlias     = 256     // bytes of a name
	maxNamesFile = 1 << 20 // bytes
)

// aliases puts file and flags together; a flag goes before the file.
func (f *nameFlags) aliases(g *globals) (map[string]string, error) {
	out, err := f.file(g)
	if err != nil {
		return nil, withHint(err, "the form of the file is in docs/guide/names.md")
	}
	given := map[string]bool{}
	for _, s := range f.Alias {
		alias, target, err := parseAlias(s)
		if err != nil {
			return nil, err
		}
		if given[alias] {
			return nil, fmt.Errorf("alias %q is there twice", alias)
		}
		given[alias], out[alias] = true, target
	}
	if len(out) > maxAliases {
		return nil, fmt.Errorf("%d aliases, at most %d", len(out), maxAliases)
	}
	return out, nil
}

// parseAlias reads ALIAS=MODEL of a command line.
func parseAlias(s string) (alias, target string, err error) {
	alias, target, ok := strings.Cut(s, "=")
	if !ok {
		return "", "", fmt.Errorf("alias %q: want ALIAS=MODEL or ALIAS=SERVER/MODEL", s)
	}
	return alias, target, checkAlias(alias, target)
}

func checkAlias(alias, target string) error {
	for _, s := range []string{alias, target} {
		if s == "" || len(s) > maxAlias || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
			return fmt.Errorf("alias %q for %q: both are 1 to %d bytes without spaces", alias, target, maxAlias)
		}
	}
	return nil
}

func (f *nameFlags) file(g *globals) (map[string]string, error) {
	path, named := f.Names, f.Names != ""
	if !named {
		path = filepath.Join(g.Data, "models.json")
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxNamesFile+1))
	if err != nil {
		return nil, err
	}
	out, err := readNames(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// readNames reads the bytes of a file of names.
func readNames(data []byte) (map[string]string, error) {
	if len(data) > maxNamesFile {
		return nil, fmt.Errorf("longer than %d bytes", maxNamesFile)
	}
	var form struct {
		Names map[string]string `json:"names"`
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&form); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	if len(form.Names) > maxAliases {
		return nil, fmt.Errorf("%d names, at most %d", len(form.Names), maxAliases)
	}
	for _, alias := range slices.Sorted(maps.Keys(form.Names)) {
		if err := checkAlias(alias, form.Names[alias]); err != nil {
			return nil, err
		}
	}
	if form.Names == nil {
		form.Names = map[string]string{}
	}
	return form.Names, nil
}

// nameModels gives the servers their aliases and returns those of local models,
// each with the model as the shelf writes it. A target that nobody has is an
// error that says what there is.
func nameModels(aliases map[string]string, configs []upstream.Config, shelf llm.Shelf) (map[string]string, error) {
	local := map[string]string{}
	if len(aliases) == 0 {
		return local, nil
	}
	installed := shelf.Installed()
	for _, alias := range slices.Sorted(maps.Keys(aliases)) {
		target := aliases[alias]
		if taken := installedName(installed, alias); taken != "" {
			return nil, withHint(fmt.Errorf("alias %q: a model of that name is installed", alias), "choose another name")
		}
		name, model, slash := strings.Cut(target, "/")
		i := slices.IndexFunc(configs, func(c upstream.Config) bool { return c.Name == name })
		for _, c := range configs {
			if _, twice := c.Aliases[alias]; twice {
				return nil, fmt.Errorf("alias %q: upstreams.json gives it to %s/%s already", alias, c.Name, c.Aliases[alias])
			}
		}
		if slash && i >= 0 && model != "" {
			if configs[i].Aliases == nil {
				configs[i].Aliases = map[string]string{}
			}
			configs[i].Aliases[alias] = model
			continue
		}
		if local[alias] = installedName(installed, target); local[alias] == "" {
			return nil, unknownTarget(alias, target, configs, installed)
		}
	}
	return local, nil
}

// installedName is a model's name as the shelf lists it, "" if it does not.
func installedName(installed []llm.Info, name string) string {
	for _, m := range installed {
		if strings.EqualFold(m.Name, name) {
			return m.Name
		}
	}
	return ""
}

func unknownTarget(alias, target string, configs []upstream.Config, installed []llm.Info) error {
	var have, servers []string
	for _, m := range installed {
		have = append(have, m.Name)
	}
	for _, c := range configs {
		servers = append(servers, c.Name)
	}
	if name, _, ok := strings.Cut(target, "/"); ok {
		return withHint(fmt.Errorf("alias %q: there is no upstream %q and no installed model %q", alias, name, target),
			"name the server with --upstream %s=URL; servers: %s; installed: %s", name, orNone(servers), orNone(have))
	}
	return withHint(fmt.Errorf("alias %q: no model %q is installed", alias, target), "installed: %s; 'malmoi pull %s' fetches it if the catalogue knows it", orNone(have), target)
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
