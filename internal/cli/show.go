package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/store"
)

// showCmd says all that is known of a model; its JSON is a contract.
type showCmd struct {
	Name string `arg:"" help:"Name of a model, installed or in the catalogue."`
	JSON bool   `name:"json" help:"Print one JSON object." xor:"form"`
	Path bool   `help:"Print only where the installed model lies." xor:"form"`
}

// shown is a model as show and list print it in JSON. path is "" and installed
// is null for one that is not here. sha256 is that of the file; for several
// files, of the lines "<hash>  <name>" in the order of the names.
type shown struct {
	Name       string           `json:"name"`
	Title      string           `json:"title"`
	Family     string           `json:"family"`
	Parameters string           `json:"parameters"`
	Format     string           `json:"format"`
	Quant      string           `json:"quant,omitempty"`
	Role       catalog.Role     `json:"role"`
	Context    int              `json:"context"`
	Languages  []string         `json:"languages"`
	Path       string           `json:"path"`
	SHA256     string           `json:"sha256"`
	Bytes      int64            `json:"bytes"`
	Licence    string           `json:"licence"`
	LicenceURL string           `json:"licence_url"`
	Consent    bool             `json:"licence_needs_consent"`
	Source     string           `json:"source"`
	Installed  *string          `json:"installed"`
	Note       string           `json:"note"`
	Scores     []catalog.Score  `json:"scores"`
	Files      []catalog.File   `json:"files"`
	Hyper      *hyperParameters `json:"hyperparameters,omitempty"`
}

func (c *showCmd) Run(env *Env, g *globals) error {
	s, table, err := openStore(g)
	if err != nil {
		return err
	}
	m, err := s.Manifest(strings.ToLower(c.Name))
	var v shown
	switch {
	case err == nil:
		v = showInstalled(s, m)
		v.Hyper = hyperParametersOf(v.Path)
	case errors.Is(err, store.ErrNotInstalled):
		e, ok := table.Find(c.Name)
		if !ok {
			return unknown(table, c.Name)
		}
		v = showEntry(e)
	default:
		return withHint(err, "'malmoi rm %s' removes it", c.Name)
	}
	if c.Path {
		if v.Path == "" {
			return withHint(fmt.Errorf("model %q is not installed", c.Name), "fetch it with 'malmoi pull %s'", c.Name)
		}
		_, err := fmt.Fprintln(env.Stdout, v.Path)
		return err
	}
	if c.JSON {
		return newPrinter(env.Stdout).line(v)
	}
	return v.print(env.Stdout)
}

// showEntry describes what the catalogue says.
func showEntry(e catalog.Entry) shown {
	v := shown{
		Name: e.Name, Title: e.Title, Family: e.Family, Parameters: e.Parameters, Format: e.Format, Quant: e.Quant,
		Role: e.Role, Context: e.Context, Languages: e.Languages, Bytes: e.Bytes,
		Licence: e.Licence.Name, LicenceURL: e.Licence.URL, Consent: e.Licence.Consent,
		Note: e.Note, Scores: e.Scores, Files: e.Files,
	}
	if e.Pinned() {
		v.SHA256 = store.Manifest{Entry: e}.SHA256()
	}
	var sources []string
	for _, s := range e.Sources {
		switch s.Kind {
		case catalog.Hub:
			sources = append(sources, "hub:"+s.Repo)
		case catalog.Index:
			sources = append(sources, "index:"+s.Packages[0])
		default:
			sources = append(sources, s.Kind+":"+s.Address)
		}
	}
	v.Source = strings.Join(sources, ", ")
	if v.Languages == nil {
		v.Languages = []string{}
	}
	return v
}

// showInstalled describes what is here.
func showInstalled(s *store.Store, m store.Manifest) shown {
	v := showEntry(m.Entry)
	v.Path, v.SHA256, v.Bytes, v.Source = s.Path(m), m.SHA256(), m.Size(), m.Source
	at := m.Installed.UTC().Format("2006-01-02T15:04:05Z")
	v.Installed = &at
	return v
}

// print is the form for people.
func (v shown) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	row := func(key, format string, args ...any) {
		if text := strings.TrimSpace(fmt.Sprintf(format, args...)); text != "" && text != "0" {
			fmt.Fprintf(w, "%s\t%s\n", key, text)
		}
	}
	row("name", "%s", v.Name)
	row("title", "%s", v.Title)
	row("family", "%s, %s, %s %s", v.Family, v.Parameters, v.Format, v.Quant)
	row("for", "%s", v.Role)
	row("languages", "%s", strings.Join(v.Languages, " "))
	row("context", "%d", v.Context)
	row("size", "%s", size(v.Bytes))
	row("licence", "%s  %s", v.Licence, v.LicenceURL)
	if v.Consent {
		row("", "asks for consent before the download")
	}
	if v.Installed != nil {
		row("path", "%s", v.Path)
		row("installed", "%s", *v.Installed)
	} else {
		row("installed", "no; 'malmoi pull %s' fetches it", v.Name)
	}
	row("sha256", "%s", v.SHA256)
	row("source", "%s", v.Source)
	if h := v.Hyper; h != nil {
		row("sizes", "%d layers, width %d, feed-forward %d, heads %d/%d of %d", h.Layers, h.Width, h.FeedForward, h.Heads, h.KVHeads, h.HeadDim)
	}
	for _, s := range v.Scores {
		setting := s.Setting
		if setting != "" {
			setting = ", " + setting
		}
		row("score", "%s %g (%s%s)", s.Benchmark, s.Value, s.Source, setting)
	}
	row("note", "%s", v.Note)
	return w.Flush()
}
