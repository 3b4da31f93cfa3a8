package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"malmoi/internal/account"
	"malmoi/internal/skill"
)

// skillCmd shows and tries the tools that models may use.
type skillCmd struct {
	List skillListCmd `cmd:"" help:"List the skills that come with the program."`
	Call skillCallCmd `cmd:"" help:"Call a skill as a model would."`

	Verify  skillVerifyCmd  `cmd:"" help:"Say which operations of a described service can be offered."`
	Approve skillApproveCmd `cmd:"" help:"Show and approve the tools of a tool server."`
}

// skillListCmd lists skills for people, or as the tools of an API request.
type skillListCmd struct {
	JSON bool `help:"As the tools of a chat request."`
}

func builtinSkills(env *Env) skill.Set { return skill.Builtin(env.Now, account.Seoul, nil) }

func (c *skillListCmd) Run(env *Env) error {
	set := builtinSkills(env)
	if c.JSON {
		return c.printJSON(env, set)
	}
	w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
	for _, s := range set {
		fmt.Fprintf(w, "%s\t%s\n", s.Name, s.Title)
	}
	return w.Flush()
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
}

func (c *skillCallCmd) Run(ctx context.Context, env *Env) error {
	out, ok := builtinSkills(env).Run(ctx, c.Name, c.Arguments)
	if !ok {
		return withHint(errors.New(out[len("error: "):]), "'malmoi skill list --json' shows names and arguments")
	}
	fmt.Fprintln(env.Stdout, out)
	return nil
}
