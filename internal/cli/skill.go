package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"malmoi/internal/account"
	"malmoi/internal/skill"
	"malmoi/internal/skill/outside"
)

// skillCmd shows and tries the tools that models may use.
type skillCmd struct {
	List skillListCmd `cmd:"" help:"List the skills of the program and of skills.json."`
	Call skillCallCmd `cmd:"" help:"Call a skill as a model would."`

	Verify  skillVerifyCmd  `cmd:"" help:"Say which operations of a described service can be offered."`
	Approve skillApproveCmd `cmd:"" help:"Show and approve the tools of a tool server."`
	Rates   skillRatesCmd   `cmd:"" help:"Show the table of exchange rates, or put another in its place."`
}

// skillListCmd lists skills for people, or as the tools of an API request.
type skillListCmd struct {
	JSON bool `help:"As the tools of a chat request."`
	Own  bool `help:"Only those that come with the program; tool servers are not started."`
}

// ownSkills are those that come with the program.
func ownSkills(env *Env, g *globals) (skill.Set, error) {
	rates, err := openRates(env, g, nil)
	if err != nil {
		return nil, err
	}
	return skill.Builtin(env.Now, account.Seoul, rates.Table), nil
}

func (c *skillListCmd) Run(ctx context.Context, env *Env, g *globals) error {
	set, err := ownSkills(env, g)
	if err != nil {
		return err
	}
	if !c.Own {
		others, trouble, done, err := outsideSkills(ctx, env, g)
		if err != nil {
			return err
		}
		defer done()
		tell(env, trouble)
		set = slices.Concat(set, others)
	}
	if c.JSON {
		return c.printJSON(env, set)
	}
	w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
	for _, s := range set {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, effectNames[s.Effect], printable(s.Title))
	}
	return w.Flush()
}

// effectNames say what a skill may do, as docs/guide/skills.md does.
var effectNames = map[skill.Effect]string{skill.Pure: "computes", skill.Reads: "reads", skill.Changes: "asks first"}

// outsideSkills asks the servers of skills.json; without the file there are no
// skills. done ends the servers.
func outsideSkills(ctx context.Context, env *Env, g *globals) (set skill.Set, trouble []error, done func() error, err error) {
	f, found, err := skillsFile(g)
	if err != nil || !found {
		return nil, nil, func() error { return nil }, err
	}
	set, trouble, done, err = outside.All(ctx, f, outside.Options{Dir: g.Data, Now: env.Now})
	return set, trouble, done, withHint(err, skillsHint)
}

// tell reports servers that did not answer; what the others have is shown.
func tell(env *Env, trouble []error) {
	for _, err := range trouble {
		fmt.Fprintln(env.Stderr, "malmoi:", printable(err.Error()))
	}
}

func (c *skillListCmd) printJSON(env *Env, set skill.Set) error {
	type function struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
	}
	type tool struct {
		Type     string   `json:"type"`
		Function function `json:"function"`
	}
	var out []tool
	for _, s := range set {
		out = append(out, tool{"function", function{s.Name, s.Description, s.Parameters}})
	}
	e := json.NewEncoder(env.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(out)
}

// skillCallCmd calls one skill.
type skillCallCmd struct {
	Name      string `arg:"" help:"Skill, as 'malmoi skill list' names it."`
	Arguments string `arg:"" optional:"" default:"{}" help:"Arguments as JSON."`
	Yes       bool   `short:"y" help:"Do not ask before a skill that changes something."`
}

func (c *skillCallCmd) Run(ctx context.Context, env *Env, g *globals) error {
	x, done, err := c.find(ctx, env, g)
	if err != nil {
		return err
	}
	defer done()
	if x.Effect == skill.Changes && !c.Yes {
		if !isTerminal(env.Stdin) {
			return withHint(fmt.Errorf("%s changes something, and nobody is here to be asked", x.Name), "call it with --yes if that is wanted")
		}
		if !agreeToCall(env.Stderr, env.Stdin, x, c.Arguments) {
			return fmt.Errorf("%s was not called", x.Name)
		}
	}
	out, ok := skill.Set{x}.Run(ctx, x.Name, c.Arguments)
	if !ok {
		return withHint(errors.New(printable(strings.TrimPrefix(out, "error: "))), "'malmoi skill list --json' shows names and arguments")
	}
	fmt.Fprintln(env.Stdout, printable(out))
	return nil
}

// find looks among the program's skills first: they start nothing.
func (c *skillCallCmd) find(ctx context.Context, env *Env, g *globals) (x skill.Skill, done func() error, err error) {
	none := func() error { return nil }
	set, err := ownSkills(env, g)
	if err != nil {
		return x, none, err
	}
	if x, found := set.Find(c.Name); found {
		return x, none, nil
	}
	f, found, err := skillsFile(g)
	if err != nil {
		return x, none, err
	}
	if found {
		var trouble []error
		if x, found, trouble, done, err = outside.Find(ctx, f, c.Name, outside.Options{Dir: g.Data, Now: env.Now}); err != nil {
			return x, none, withHint(err, skillsHint)
		}
		if found {
			return x, done, nil
		}
		done()
		tell(env, trouble)
	}
	return x, none, withHint(fmt.Errorf("there is no skill %q", c.Name), "'malmoi skill list' shows all; a tool of a server must be approved first")
}

// agreeToCall shows what would be called with what, and waits for a yes.
func agreeToCall(w io.Writer, r io.Reader, x skill.Skill, arguments string) bool {
	fmt.Fprintf(w, "%s (%s)\n  %s\n실행할까요? This changes something. Call it? [y/N] ", printable(x.Title), x.Name, printable(arguments))
	answer, _ := bufio.NewReader(r).ReadString('\n')
	return slices.Contains([]string{"y", "yes", "예", "네"}, strings.ToLower(strings.TrimSpace(answer)))
}
