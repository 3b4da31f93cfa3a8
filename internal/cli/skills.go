package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"malmoi/internal/account"
	"malmoi/internal/skill"
	"malmoi/internal/skill/mcp"
	"malmoi/internal/skill/openapi"
	"malmoi/internal/skill/outside"
	"malmoi/internal/upstream/seal"
)

// allSkills are the built-in skills and those of skills.json.
type allSkills struct {
	own    skill.Set
	others *outside.Live
}

// Skills implements converse.Skills.
func (a allSkills) Skills(context.Context, account.Principal) skill.Set {
	return slices.Concat(a.own, a.others.Skills())
}

// Close ends tool servers.
func (a allSkills) Close() error { return a.others.Close() }

func skillsPath(g *globals) string { return filepath.Join(g.Data, "skills.json") }

// skillsFile reads skills.json; found is false if there is none.
func skillsFile(g *globals) (f outside.File, found bool, err error) {
	path := skillsPath(g)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return f, false, nil
	}
	box, err := secretBox(g)
	if err == nil {
		f, err = outside.ReadFile(path, box)
	}
	return f, true, withHint(err, skillsHint)
}

func secretBox(g *globals) (*seal.Box, error) {
	return seal.OpenFile(filepath.Join(g.Data, "secret.key"))
}

const skillsHint = "the form of the file is in docs/guide/skills.md"

// openSkills starts what answers may use, and follows skills.json and rates.tsv.
func openSkills(env *Env, g *globals, log *slog.Logger) (allSkills, error) {
	rates, err := openRates(env, g, log)
	if err != nil {
		return allSkills{}, err
	}
	box := func() (*seal.Box, error) { return secretBox(g) }
	others, err := outside.OpenLive(skillsPath(g), box, outside.Options{Dir: g.Data, Log: log, Now: env.Now})
	if err != nil {
		return allSkills{}, withHint(err, skillsHint)
	}
	return allSkills{own: skill.Builtin(env.Now, account.Seoul, rates.Table), others: others}, nil
}

// skillVerifyCmd says what becomes of a service's operations.
type skillVerifyCmd struct {
	File    string   `arg:"" help:"OpenAPI 3.0 or 3.1 description, JSON or YAML; or the name of a service in skills.json."`
	BaseURL string   `name:"base-url" help:"Where calls would go; otherwise the description's first server." placeholder:"URL"`
	Only    []string `help:"Operations to offer." placeholder:"ID"`
}

func (c *skillVerifyCmd) Run(env *Env, g *globals) error {
	list, err := c.verdicts(g)
	if err != nil {
		return err
	}
	bad := 0
	w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
	for _, v := range list {
		what := "reads"
		if v.Effect == skill.Changes {
			what = "asks first"
		}
		if v.Problem != "" {
			bad++
			what = "not offered: " + v.Problem
		}
		fmt.Fprintf(w, "%s %s\t%s\t%s\n", v.Method, v.Path, v.Skill, strings.Join(append([]string{what}, v.Notes...), "; "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "%d of %d operations can be offered\n", len(list)-bad, len(list))
	if bad == len(list) {
		return errors.New("no operation can be offered")
	}
	return nil
}

func (c *skillVerifyCmd) verdicts(g *globals) ([]openapi.Verdict, error) {
	info, err := os.Stat(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		f, found, fileErr := skillsFile(g)
		if fileErr != nil {
			return nil, fileErr
		}
		if found {
			return outside.Verify(f, c.File, outside.Options{Dir: g.Data})
		}
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > openapi.MaxSpec {
		return nil, fmt.Errorf("%s has %d bytes, at most %d", c.File, info.Size(), openapi.MaxSpec)
	}
	spec, err := os.ReadFile(c.File)
	if err != nil {
		return nil, err
	}
	base := c.BaseURL
	if base == "" { // nothing is called: any host will do
		base = "https://service.example"
	}
	return openapi.Verify(openapi.Config{Name: "service", Spec: spec, BaseURL: base, Only: c.Only})
}

// skillApproveCmd shows what a tool server says of its tools, and approves it.
type skillApproveCmd struct {
	Server string   `arg:"" help:"Tool server, as skills.json names it."`
	Tools  []string `arg:"" optional:"" help:"Tools to approve; without any, they are shown."`
	All    bool     `help:"Approve every tool as it is described now."`
}

func (c *skillApproveCmd) Run(ctx context.Context, env *Env, g *globals) error {
	f, found, err := skillsFile(g)
	if err != nil {
		return err
	}
	if !found {
		return withHint(fmt.Errorf("there is no %s", skillsPath(g)), "docs/guide/skills.md shows its form")
	}
	tools, err := outside.Tools(ctx, f, c.Server, outside.Options{Dir: g.Data, Now: env.Now})
	if err != nil {
		return err
	}
	pins := map[string]string{}
	for _, t := range tools {
		fmt.Fprintf(env.Stdout, "%s (%s)\n    %s\n", printable(t.Name), t.State, strings.ReplaceAll(printable(t.Description), "\n", "\n    "))
		if t.State != mcp.Unfit && (c.All || slices.Contains(c.Tools, t.Name)) {
			pins[t.Name] = t.Pin
		}
	}
	for _, name := range c.Tools {
		if _, ok := pins[name]; !ok {
			return fmt.Errorf("%s has no tool %q that could be approved", c.Server, name)
		}
	}
	if len(pins) == 0 {
		fmt.Fprintf(env.Stdout, "read the descriptions: models will believe them; then 'malmoi skill approve %s TOOL…'\n", c.Server)
		return nil
	}
	if err := outside.Approve(skillsPath(g), c.Server, pins); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "%d approved; a running server takes them at the next question\n", len(pins))
	return nil
}

// printable shows a stranger's text in a terminal without letting it move the
// cursor or hide.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && !(r >= 0x80 && r < 0xa0) && !(r >= 0x200b && r <= 0x200f) && !(r >= 0x202a && r <= 0x202e) && !(r >= 0x2060 && r <= 0x206f) && !(r >= 0xe0000 && r <= 0xe0fff) {
			return r
		}
		return '\uFFFD'
	}, s)
}
