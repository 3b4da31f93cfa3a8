package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd prints a completion script. It is made from the table of
// commands, so it knows what this binary knows.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown under the command's usage.
func (completionCmd) Help() string {
	return "bash: source <(malmoi completion bash)\nzsh:  source <(malmoi completion zsh)\nfish: malmoi completion fish | source"
}

func (c *completionCmd) Run(env *Env, k *kong.Context) error {
	table := completions(k.Model)
	switch c.Shell {
	case "fish":
		return fishCompletion(env.Stdout, table)
	case "zsh":
		if _, err := fmt.Fprintln(env.Stdout, "autoload -U +X bashcompinit && bashcompinit"); err != nil {
			return err
		}
	}
	return bashCompletion(env.Stdout, table)
}

// completion is one command with what may follow it.
type completion struct {
	name  string // "pull", "bundle create"
	help  string
	flags []string
}

// completions lists all commands of the program.
func completions(app *kong.Application) []completion {
	var out []completion
	var walk func(n *kong.Node, prefix string, inherited []string)
	walk = func(n *kong.Node, prefix string, inherited []string) {
		for _, child := range n.Children {
			if child.Type != kong.CommandNode || child.Hidden {
				continue
			}
			name := strings.TrimSpace(prefix + " " + child.Name)
			flags := append([]string(nil), inherited...)
			for _, f := range child.Flags {
				flags = append(flags, "--"+f.Name)
			}
			out = append(out, completion{name, child.Help, flags})
			walk(child, name, flags)
		}
	}
	var global []string
	for _, f := range app.Flags {
		global = append(global, "--"+f.Name)
	}
	walk(app.Node, "", global)
	return out
}

func bashCompletion(w io.Writer, table []completion) error {
	var b strings.Builder
	b.WriteString("_malmoi() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} cmd=${COMP_WORDS[1]} sub=${COMP_WORDS[2]} words\n")
	var top []string
	for _, c := range table {
		if !strings.Contains(c.name, " ") {
			top = append(top, c.name)
		}
	}
	fmt.Fprintf(&b, "\tif [ \"$COMP_CWORD\" = 1 ]; then COMPREPLY=($(compgen -W %q -- \"$cur\")); return; fi\n", strings.Join(top, " "))
	b.WriteString("\tcase \"$cmd $sub\" in\n")
	for i := len(table) - 1; i >= 0; i-- { // longer names first
		c := table[i]
		words := append([]string(nil), c.flags...)
		for _, s := range table {
			if rest, ok := strings.CutPrefix(s.name, c.name+" "); ok {
				words = append(words, rest)
			}
		}
		fmt.Fprintf(&b, "\t%q*) words=%q ;;\n", c.name+" ", strings.Join(words, " "))
	}
	b.WriteString("\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n")
	b.WriteString("\t[[ $cur == -* ]] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n}\ncomplete -F _malmoi malmoi\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func fishCompletion(w io.Writer, table []completion) error {
	for _, c := range table {
		parent, name, nested := strings.Cut(c.name, " ")
		when := "__fish_use_subcommand"
		if nested {
			when = "__fish_seen_subcommand_from " + parent
		} else {
			name = parent
		}
		if _, err := fmt.Fprintf(w, "complete -c malmoi -n %q -a %q -d %q\n", when, name, c.help); err != nil {
			return err
		}
		for _, f := range c.flags {
			if _, err := fmt.Fprintf(w, "complete -c malmoi -n %q -l %s\n", "__fish_seen_subcommand_from "+name, strings.TrimPrefix(f, "--")); err != nil {
				return err
			}
		}
	}
	return nil
}
